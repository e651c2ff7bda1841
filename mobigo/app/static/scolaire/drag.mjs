// A stop of the service is dragged on the map, onto another service or another place of its own: what that would do is
// said while the hand is still down. Letting go fills the form below, which makes the change and is the keyboard's way.

const NEAR_PX = 14;

const side = document.querySelector("[data-map][data-drag]");
const says = document.querySelector("[data-drag-says]");

side?.addEventListener("drawn", ({ detail: { map, library } }) => {
  const words = says.dataset;
  const own = words.dragService;
  says.textContent = words.dragHint;
  let held = null;
  let target = null;
  let asked = null;

  const form = (act) => document.querySelector(`form[action$="/modifier/${act}"]`);
  const option = (select, stop) => [...(select?.options ?? [])].find((each) => each.value.startsWith(`${stop}>`))?.value;

  /** What the hand is over: a stop of this service (its place in the order), else another service of the school. */
  const under = ({ x, y }) => {
    const box = [[x - NEAR_PX, y - NEAR_PX], [x + NEAR_PX, y + NEAR_PX]];
    const stop = map.queryRenderedFeatures(box, { layers: ["changes"] }).find((each) => each.properties.id !== held.stop);
    if (stop) {
      const order = form("ordre")?.elements.need;
      const place = [...(order?.options ?? [])].findIndex((each) => each.value.startsWith(`${stop.properties.id}>`));
      if (place >= 0) return { act: "ordre", name: stop.properties.name, values: { need: option(order, held.stop), place: String(place + 1) } };
    }
    const moving = form("deplacer-arret")?.elements;
    const lines = map.queryRenderedFeatures(box, { layers: ["others"] }).map((each) => each.properties.service);
    const to = lines.find((each) => each !== own && [...(moving?.to.options ?? [])].some((one) => one.value === each));
    return to ? { act: "deplacer-arret", name: to, values: { need: option(moving.need, held.stop), to } } : null;
  };

  const same = (a, b) => a?.act === b?.act && a?.name === b?.name;

  const tell = async () => {
    asked?.abort();
    if (!target) {
      says.textContent = words.dragStays;
      return;
    }
    const over = `${held.name} → ${target.name}`;
    says.textContent = over;
    asked = new AbortController();
    const body = new FormData(form(target.act));
    for (const [name, value] of Object.entries(target.values)) body.set(name, value);
    try {
      const address = form(target.act).querySelector("output[data-try]").dataset.try;
      const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" }, signal: asked.signal });
      if (answer.ok) says.textContent = `${over}. ${(await answer.json()).words}`;
    } catch {
      // another place is asked about already, or the network is bad: the change itself will say
    }
  };

  const move = (event) => {
    held.marker.setLngLat(event.lngLat);
    const found = under(event.point);
    if (same(found, target)) return;
    target = found;
    tell();
  };

  const drop = () => {
    map.off("mousemove", move);
    map.off("touchmove", move);
    held.marker.remove();
    map.getCanvas().style.cursor = "";
    map.dragPan.enable();
    if (target) {
      const filled = form(target.act);
      for (const [name, value] of Object.entries(target.values)) filled.elements[name].value = value;
      filled.dispatchEvent(new Event("input", { bubbles: true }));
      filled.querySelector("button").focus();
    } else {
      says.textContent = words.dragHint;
    }
    held = target = null;
  };

  const take = (event) => {
    const feature = event.features[0];
    if (held || feature.properties.place !== "stop" || (event.points?.length ?? 1) > 1) return;
    event.preventDefault(); // the map stays where it is
    map.dragPan.disable();
    const element = document.createElement("div");
    element.className = "map-here";
    const marker = new library.Marker({ element }).setLngLat(event.lngLat).addTo(map);
    held = { stop: feature.properties.id, name: feature.properties.name, marker };
    map.getCanvas().style.cursor = "grabbing";
    map.on("mousemove", move);
    map.on("touchmove", move);
    map.once("mouseup", drop);
    map.once("touchend", drop);
    tell();
  };
  map.on("mousedown", "changes", take);
  map.on("touchstart", "changes", take);
  map.on("mouseenter", "changes", () => held || (map.getCanvas().style.cursor = "grab"));
  map.on("mouseleave", "changes", () => held || (map.getCanvas().style.cursor = ""));
});
