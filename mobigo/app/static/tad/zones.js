// Zones drawn on the picture of a service, by pointer or keyboard: each becomes a feature of the GeoJSON in the field
// below, which is what is sent. Without a script, the field alone does.
(() => {
  const field = document.querySelector("#f-zones");
  const box = document.querySelector("[data-zones]");
  const picture = box?.querySelector("svg.tad-zones");
  if (!field || !picture) return;
  const NS = "http://www.w3.org/2000/svg";
  const { west, north, step, wide } = Object.fromEntries(Object.entries(picture.dataset).map(([k, v]) => [k, Number(v)]));
  const words = box.dataset;
  const said = box.querySelector("[role=status]");
  const name = box.querySelector("input");
  const list = box.querySelector("ul");
  const shape = (kind, cls) => {
    const made = document.createElementNS(NS, kind);
    made.setAttribute("class", cls);
    return made;
  };
  const group = shape("g", "drawn");
  const draft = shape("polyline", "draft");
  const cursor = shape("path", "cursor");
  picture.append(group, draft, cursor);
  picture.querySelectorAll("polygon").forEach((each) => each.remove());
  let points = [];
  let at = { x: 320, y: 200 };

  const round = (value) => Math.round(value * 1e6) / 1e6;
  const toPlace = ({ x, y }) => [round(west + (x * step) / wide), round(north - y * step)];
  const toPicture = ([lon, lat]) => ({ x: ((lon - west) * wide) / step, y: (north - lat) / step });
  const say = (text) => { said.textContent = text; };

  function features() {
    if (!field.value.trim()) return [];
    try {
      const given = JSON.parse(field.value);
      if (given.type === "FeatureCollection") return given.features;
      return [given.type === "Feature" ? given : { type: "Feature", properties: {}, geometry: given }];
    } catch {
      return null;
    }
  }

  function write(all) {
    const lines = all.map((each) => JSON.stringify(each)).join(",\n");
    field.value = all.length ? `{"type": "FeatureCollection", "features": [\n${lines}\n]}` : "";
    show();
  }

  function path(ring) {
    return ring.map((each) => { const p = toPicture(each); return `${p.x.toFixed(1)},${p.y.toFixed(1)}`; }).join(" ");
  }

  function show() {
    group.replaceChildren();
    list.replaceChildren();
    for (const [number, each] of (features() ?? []).entries()) {
      const rings = each?.geometry?.type === "Polygon" ? each.geometry.coordinates : [];
      if (!Array.isArray(rings[0])) continue;
      const zone = shape("polygon", "zone");
      zone.setAttribute("points", path(rings[0]));
      group.append(zone);
      const line = document.createElement("li");
      const label = each.properties?.name ?? each.id ?? String(number + 1);
      line.append(`${label} `, button(`${words.again} : ${label}`, words.again, () => take(number)),
        button(`${words.remove} : ${label}`, words.remove, () => drop(number)));
      list.append(line);
    }
    draft.setAttribute("points", path(points));
    cursor.setAttribute("d", `M${at.x - 8} ${at.y}h16M${at.x} ${at.y - 8}v16`);
  }

  function button(label, text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn second small";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  function add(place) {
    points.push(place);
    show();
    say(`${words.point} ${points.length} : ${place[1]} ; ${place[0]}`);
  }

  function back() {
    points.pop();
    show();
    say(`${words.left} ${points.length}`);
  }

  function drop(number) {
    write(features().filter((_each, other) => other !== number));
    say(words.removed);
    picture.focus();
  }

  function take(number) {
    const [one] = features().splice(number, 1);
    const ring = one.geometry.coordinates[0];
    points = ring.slice(0, -1);
    name.value = one.properties?.name ?? "";
    write(features().filter((_each, other) => other !== number));
    say(`${words.left} ${points.length}`);
    picture.focus();
  }

  function close() {
    const all = features();
    if (all === null) return say(words.unreadable);
    if (points.length < 3) return say(words.few);
    const label = name.value.trim() || `${words.zone} ${all.length + 1}`;
    const taken = new Set(all.map((each) => each.id));
    let id = 1;
    while (taken.has(`zone-${id}`)) id += 1;
    const ring = [...points, points[0]];
    points = [];
    name.value = "";
    write([...all, { type: "Feature", id: `zone-${id}`, properties: { name: label },
      geometry: { type: "Polygon", coordinates: [ring] } }]);
    say(`${words.added} ${label}`);
  }

  picture.addEventListener("click", (event) => {
    const frame = picture.getBoundingClientRect();
    at = { x: ((event.clientX - frame.left) * 640) / frame.width, y: ((event.clientY - frame.top) * 400) / frame.height };
    add(toPlace(at));
  });
  picture.addEventListener("keydown", (event) => {
    const far = event.shiftKey ? 1 : 10;
    const moves = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] };
    const move = moves[event.key];
    if (move) {
      at = { x: Math.min(640, Math.max(0, at.x + move[0])), y: Math.min(400, Math.max(0, at.y + move[1])) };
      show();
    } else if (event.key === "Enter") add(toPlace(at));
    else if (event.key === "Backspace" || event.key === "Delete") back();
    else return;
    event.preventDefault();
  });
  picture.setAttribute("tabindex", "0");
  picture.setAttribute("role", "application");
  box.querySelector("[data-close]").addEventListener("click", close);
  box.querySelector("[data-back]").addEventListener("click", back);
  field.addEventListener("input", show);
  box.querySelector("[data-tools]").hidden = false;
  show();
})();
