// The map: MapLibre with a style of our own over our own data. Labels are page elements in the page's font: no glyphs, no
// sprites, no request to anyone else.

const MAX_LABELS = 26;
const MAX_SPOTS = 40;
const SPOTS_ZOOM = 12; // from farther they would lie over one another
const NOTHING = { type: "FeatureCollection", features: [] };

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const loadSheet = (href) =>
  new Promise((done, failed) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: done, onerror: failed });
    document.head.append(link);
  });
const read = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status} ${address}`);
  return answer.json();
};

/** The look of the map, from the page's own colours: light and dark follow the page. */
function style(outlines, lines, tiles) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const [paper, card, hair, edge, ink] = ["--sunk", "--card", "--hair", "--edge", "--ink"].map(token);
  const geo = (data) => ({ type: "geojson", data });
  const picture = tiles && { type: "raster", tiles: [`${location.origin}${tiles.address}/{z}/{x}/{y}`], tileSize: 256, minzoom: tiles.least, maxzoom: tiles.most };
  return {
    version: 8,
    sources: {
      ...(picture ? { background: picture } : {}),
      outlines: geo(outlines), lines: geo(lines),
      places: geo({ type: "FeatureCollection", features: [] }),
      journeys: geo({ type: "FeatureCollection", features: [] }),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": paper } },
      { id: "region", type: "fill", source: "outlines", filter: ["==", ["get", "kind"], "region"], paint: { "fill-color": card } },
      ...(picture ? [{ id: "background", type: "raster", source: "background", paint: { "raster-brightness-max": dark ? 0.45 : 1, "raster-saturation": -0.4, "raster-fade-duration": 0 } }] : []),
      { id: "departements", type: "line", source: "outlines", filter: ["==", ["get", "kind"], "departement"], paint: { "line-color": hair, "line-width": 1.2, "line-dasharray": [3, 2] } },
      { id: "border", type: "line", source: "outlines", filter: ["==", ["get", "kind"], "region"], paint: { "line-color": edge, "line-width": 1.6 } },
      { id: "lines", type: "line", source: "lines", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ["get", "color"], "line-opacity": dark ? 0.55 : 0.42, "line-width": ["interpolate", ["linear"], ["zoom"], 6, ["case", ["==", ["get", "type"], 2], 1.6, 0.8], 12, ["case", ["==", ["get", "type"], 2], 4, 2.5]] } },
      { id: "others", type: "line", source: "journeys", filter: ["==", ["geometry-type"], "LineString"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": edge, "line-width": 3, "line-opacity": 0.5 } },
      { id: "casing", type: "line", source: "journeys", filter: ["==", ["get", "kind"], "ride"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": dark ? "#171412" : "#ffffff", "line-width": 9 } },
      { id: "ride", type: "line", source: "journeys", filter: ["==", ["get", "kind"], "ride"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ["get", "color"], "line-width": 5 } },
      { id: "walk", type: "line", source: "journeys", filter: ["==", ["get", "kind"], "walk"], layout: { "line-cap": "round" }, paint: { "line-color": ink, "line-width": 3, "line-dasharray": [0.4, 1.8] } },
      { id: "stops", type: "circle", source: "places", filter: ["!=", ["get", "kind"], "commune"], minzoom: 7.5, paint: { "circle-color": card, "circle-stroke-color": ["case", ["==", ["%", ["get", "modes"], 2], 1], token("--brand"), edge], "circle-stroke-width": 2, "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 2.2, 13, 5] } },
      { id: "changes", type: "circle", source: "journeys", filter: ["==", ["get", "kind"], "change"], paint: { "circle-color": card, "circle-stroke-color": ink, "circle-stroke-width": 2.5, "circle-radius": 5 } },
      { id: "ends", type: "circle", source: "journeys", filter: ["in", ["get", "kind"], ["literal", ["from", "to"]]], paint: { "circle-color": ["case", ["==", ["get", "kind"], "to"], ink, card], "circle-stroke-color": ink, "circle-stroke-width": 4, "circle-radius": 8 } },
    ],
  };
}

/** Labels as page elements, those that matter first, none over another. */
class Labels {
  constructor(map, library) {
    [this.map, this.Marker, this.shown, this.fixed] = [map, library.Marker, [], []];
  }
  put(features, fixed) {
    [...this.shown, ...this.fixed].forEach((marker) => marker.remove());
    this.shown = [];
    this.fixed = [];
    const taken = [];
    const canvas = this.map.getCanvas();
    const place = (feature, kind, into) => {
      const at = this.map.project(feature.geometry.coordinates);
      const half = feature.properties.name.length * 3.7 + 8;
      const box = [at.x - half, at.y - 30, at.x + half, at.y - 4];
      if (at.x < 0 || at.y < 0 || at.x > canvas.clientWidth || at.y > canvas.clientHeight) return;
      if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) return;
      taken.push(box);
      const element = document.createElement("div");
      element.className = `map-label ${kind}`;
      element.textContent = feature.properties.name;
      element.setAttribute("aria-hidden", "true"); // the same names are in the text beside the map
      into.push(new this.Marker({ element, anchor: "bottom", offset: [0, -9] }).setLngLat(feature.geometry.coordinates).addTo(this.map));
    };
    const names = new Set(fixed.map((feature) => feature.properties.name));
    for (const feature of fixed) place(feature, feature.properties.kind === "change" ? "" : "end", this.fixed);
    for (const feature of features) {
      if (this.shown.length >= MAX_LABELS) break;
      if (names.has(feature.properties.name)) continue;
      names.add(feature.properties.name);
      place(feature, feature.properties.kind === "commune" ? "town" : "", this.shown);
    }
  }
}

export async function show(side, { byHand }) {
  const data = side.dataset;
  const frame = side.querySelector("[data-canvas]");
  const [library, , outlines, lines] = await Promise.all([
    import(data.library), loadSheet(data.sheet), read(data.outlines), read(data.lines).catch(() => NOTHING), // no timetable yet
  ]);
  const [least, most] = (data.tileZoom || "").split(",").map(Number);
  const tiles = data.tiles ? { address: data.tiles, least, most } : null;
  library.setWorkerUrl(new URL(data.worker, location.href).href);
  const inside = document.createElement("div");
  inside.className = "map-frame";
  frame.replaceChildren(inside);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const [lon, lat, zoom] = (data.center || "").split(",").map(Number);
  const map = new library.Map({
    container: inside, style: style(outlines, lines, tiles), attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false,
    renderWorldCopies: false, fadeDuration: 0, minZoom: 4, maxZoom: 17, cooperativeGestures: false,
    center: data.center ? [lon, lat] : [4.9, 47.2], zoom: data.center ? zoom : 6.6,
    locale: { "Map.Title": data.name, "NavigationControl.ZoomIn": data.zoomIn, "NavigationControl.ZoomOut": data.zoomOut },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new library.NavigationControl({ showCompass: false }), "top-right");
  await new Promise((done) => map.once("load", done));
  if (!data.center && outlines.features.length) map.fitBounds(bounds(outlines.features), { padding: 18, animate: false });

  const labels = new Labels(map, library);
  let places = [];
  let journey = { features: [] };
  const chosen = { number: 0 };
  const ends = () => {
    const named = journey.features.filter((f) => f.geometry.type === "Point" && (f.properties.journey === chosen.number || f.properties.journey === -1));
    return named.sort((a, b) => (a.properties.kind === "change") - (b.properties.kind === "change"));
  };
  const refresh = () => labels.put(places, ends());
  const fetchPlaces = async () => {
    const box = map.getBounds();
    const text = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((each) => each.toFixed(3)).join(",");
    try {
      const found = await read(`${data.places}?bbox=${text}`);
      places = found.features;
      map.getSource("places").setData(found);
    } catch {
      // the map stays as it is; the text beside it is whole
    }
    refresh();
  };
  let vehicles = [];
  const fetchVehicles = async () => {
    if (!data.vehicles || document.hidden) return;
    const found = await read(data.vehicles).catch(() => NOTHING); // rather none than one that is elsewhere
    vehicles.forEach((marker) => marker.remove());
    vehicles = found.features.map((feature) => {
      const element = Object.assign(document.createElement("div"), { className: "map-vehicle", textContent: feature.properties.name, title: feature.properties.text });
      element.style.borderColor = feature.properties.color;
      element.setAttribute("aria-hidden", "true"); // expected hours are in the text beside the map
      return new library.Marker({ element }).setLngLat(feature.geometry.coordinates).addTo(map);
    });
  };
  fetchVehicles();
  setInterval(fetchVehicles, 30000);
  // bicycles and car parks with what is free now, from near: the same is written on their page
  let spots = [];
  const fetchSpots = async () => {
    if (!data.bikes || document.hidden) return;
    const box = map.getBounds();
    const text = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((each) => each.toFixed(3)).join(",");
    const near = map.getZoom() >= SPOTS_ZOOM;
    const [bikes, parks] = near
      ? await Promise.all([data.bikes, data.parks].map((each) => read(`${each}?bbox=${text}`).catch(() => NOTHING)))
      : [NOTHING, NOTHING];
    spots.forEach((marker) => marker.remove());
    const mark = (kind, sign) => (feature) => {
      const element = Object.assign(document.createElement("div"), { className: `map-spot ${kind}`, textContent: sign(feature.properties), title: feature.properties.text });
      element.setAttribute("aria-hidden", "true");
      return new library.Marker({ element }).setLngLat(feature.geometry.coordinates).addTo(map);
    };
    const count = (value) => value ?? "?";
    spots = [
      ...bikes.features.slice(0, MAX_SPOTS).map(mark("bikes", (it) => (it.kind === "loose" ? "V" : `V ${count(it.bikes)}`))),
      ...parks.features.slice(0, MAX_SPOTS).map(mark("parks", (it) => `P ${count(it.free)}`)),
    ];
  };
  setInterval(fetchSpots, 60000);
  let wait;
  map.on("moveend", () => {
    clearTimeout(wait);
    wait = setTimeout(() => { fetchPlaces(); fetchSpots(); }, 250);
  });
  map.on("move", () => labels.shown.length && refresh());

  const select = (number, animate) => {
    chosen.number = number;
    const of = (kind) => ["all", ["==", ["get", "kind"], kind], ["==", ["get", "journey"], number]];
    for (const [layer, kind] of [["casing", "ride"], ["ride", "ride"], ["walk", "walk"], ["changes", "change"]]) map.setFilter(layer, of(kind));
    const around = journey.features.filter((f) => f.properties.journey === number || f.properties.journey === -1);
    if (around.length) map.fitBounds(bounds(around), { padding: { top: 60, bottom: 40, left: 50, right: 60 }, maxZoom: 14, animate: animate && !still, duration: 500 });
  };
  if (data.journeys) {
    journey = await read(data.journeys);
    map.getSource("journeys").setData(journey);
    select(0, false);
    side.addEventListener("journey", (event) => select(event.detail, true));
  }
  await fetchPlaces();
  fetchSpots();

  map.on("click", "stops", (event) => {
    if ("pick" in data) return;
    const id = event.features[0].properties.id;
    location.href = data.stop.replace("__ID__", encodeURIComponent(id));
  });
  map.on("mouseenter", "stops", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "stops", () => (map.getCanvas().style.cursor = ""));
  if ("pick" in data) pick(side, map, library);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => map.setStyle(style(outlines, lines, tiles)));
  side.dispatchEvent(new CustomEvent("drawn", { detail: { map, library } })); // for pages that do more with it
  side.dataset.ready = "";
  if (byHand) map.getCanvas().focus();
}

/** A point chosen on the map becomes the beginning or the end: by a press, or by the middle of the map for a keyboard. */
function pick(side, map, library) {
  const bar = side.querySelector("[data-pick-bar]");
  const form = document.querySelector("form[data-search]");
  if (!bar || !form) return;
  bar.hidden = false;
  let marker = null;
  map.on("click", ({ lngLat }) => {
    const element = document.createElement("div");
    element.className = "map-here";
    marker?.remove();
    marker = new library.Marker({ element }).setLngLat(lngLat).addTo(map);
  });
  for (const [name, selector] of [["from", "[data-pick-from]"], ["to", "[data-pick-to]"]]) {
    side.querySelector(selector).addEventListener("click", () => {
      const { lat, lng } = marker ? marker.getLngLat() : map.getCenter();
      const input = form.elements[name];
      input.value = `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
      const hidden = form.elements[`${name}_id`];
      if (hidden) hidden.disabled = true;
      input.focus();
      input.scrollIntoView({ block: "center" });
    });
  }
}

/** The box around features, as MapLibre takes it. */
function bounds(features) {
  const box = [[Infinity, Infinity], [-Infinity, -Infinity]];
  const walk = (part) => {
    if (typeof part[0] === "number") {
      box[0] = [Math.min(box[0][0], part[0]), Math.min(box[0][1], part[1])];
      box[1] = [Math.max(box[1][0], part[0]), Math.max(box[1][1], part[1])];
    } else part.forEach(walk);
  };
  features.forEach((feature) => walk(feature.geometry.coordinates));
  return box;
}
