"""Where the stops and strokes of a service are on the screen, to drag one onto another."""

# The map tells its page that it is drawn; the test keeps it, to know where a stop is on the screen.
KEEP_THE_MAP = "document.addEventListener('drawn', (event) => (window.drawn = event.detail.map), true)"
WHERE = """async () => {
  const map = window.drawn, side = document.querySelector("[data-map]");
  const { features } = await (await fetch(side.dataset.journeys)).json();
  const line = features.find((each) => each.properties.kind === "ride" && each.properties.journey === 1);
  const stop = features.find((each) => each.properties.place === "stop");
  const points = [stop.geometry.coordinates, ...line.geometry.coordinates];
  const [lons, lats] = [points.map((each) => each[0]), points.map((each) => each[1])];
  const [west, south, east, north] = [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
  map.fitBounds([[west, south], [east, north]], { padding: 60, animate: false });
  await new Promise((done) => map.once("idle", done));
  const { x, y } = map.getCanvas().getBoundingClientRect();
  const at = (each) => { const found = map.project(each); return [found.x + x, found.y + y]; };
  const [[a, b], ends] = [at(stop.geometry.coordinates), line.geometry.coordinates.map(at)];
  ends.sort((one, two) => Math.hypot(two[0] - a, two[1] - b) - Math.hypot(one[0] - a, one[1] - b));
  const school = at(line.geometry.coordinates[line.geometry.coordinates.length - 1]);
  const far = ends.find((each) => Math.hypot(each[0] - school[0], each[1] - school[1]) > 30);
  return { stop: [a, b], line: far, to: line.properties.service, name: stop.properties.name };
}"""
