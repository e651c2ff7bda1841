// The position makes the proof stronger. It is asked for by a press, never unbidden; allowed before, it is simply taken.
"use strict";

for (const form of navigator.geolocation ? document.querySelectorAll("form:has([data-lat])") : []) {
  const where = form.querySelector("[data-position]");
  const say = (words) => where && (where.querySelector("[data-position-says]").textContent = words);
  const take = () =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.querySelector("[data-lat]").value = coords.latitude;
        form.querySelector("[data-lon]").value = coords.longitude;
        if (where) where.querySelector("[data-position-ask]").hidden = true;
        say(where?.dataset.taken);
      },
      () => say(where?.dataset.none),
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 30000 },
    );
  if (where) {
    where.hidden = false;
    where.querySelector("[data-position-ask]").addEventListener("click", take);
  }
  navigator.permissions?.query({ name: "geolocation" }).then((state) => state.state === "granted" && take()).catch(() => {});
}
