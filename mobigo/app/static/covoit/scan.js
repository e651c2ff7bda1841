// The passenger's page: reads the driver's code where the browser can (BarcodeDetector), notes the hour, the position
// if allowed, and a random name of this device; keeps a reading made without a network and sends it later.
"use strict";

const DEVICE = "covoit.device";
const SCANS = "covoit.scans";
const device = () => {
  let name = localStorage.getItem(DEVICE);
  if (!name) {
    name = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(DEVICE, name);
  }
  return name;
};
const scans = () => JSON.parse(localStorage.getItem(SCANS) || "[]");

for (const form of document.querySelectorAll("form")) {
  const at = form.querySelector("[data-now]");
  if (!at) continue;
  const code = form.querySelector("[name=code]");
  const named = form.querySelector("[data-device]");
  if (named) named.value = device();
  if (code) code.addEventListener("input", () => (at.value = Date.now()));
  if (form.querySelector("[data-lat]") && navigator.permissions) {
    navigator.permissions.query({ name: "geolocation" }).then((state) => {
      if (state.state !== "granted") return; // we never ask unbidden
      navigator.geolocation.getCurrentPosition((found) => {
        form.querySelector("[data-lat]").value = found.coords.latitude;
        form.querySelector("[data-lon]").value = found.coords.longitude;
      });
    }).catch(() => {});
  }
  form.addEventListener("submit", (event) => {
    if (!at.value) at.value = Date.now();
    if (navigator.onLine || !code) return;
    event.preventDefault();
    localStorage.setItem(SCANS, JSON.stringify([...scans(), Object.fromEntries(new FormData(form))]));
    document.querySelector("[data-kept]").hidden = false;
  });
}

async function sendScans() {
  const form = document.querySelector("form [name=code]")?.form;
  if (!form || !scans().length) return;
  const rest = [];
  let last = null;
  for (const each of scans()) {
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ ...each, csrf_token: form.querySelector("[name=csrf_token]").value }),
      });
      const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
      if (said?.ok) last = said.address;
      else if (answer.status !== 422) rest.push(each); // 422: refused with a reason, sending it again changes nothing
    } catch {
      rest.push(each);
    }
  }
  localStorage.setItem(SCANS, JSON.stringify(rest));
  if (last) location.assign(last);
}
addEventListener("online", sendScans);
if (navigator.onLine) sendScans();

const scanner = document.querySelector("[data-scan]");
if (scanner && "BarcodeDetector" in window && navigator.mediaDevices) {
  scanner.hidden = false;
  const video = scanner.querySelector("[data-scan-video]");
  const says = scanner.querySelector("[data-scan-says]");
  scanner.querySelector("[data-scan-start]").addEventListener("click", async () => {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      says.textContent = document.documentElement.lang === "en" ? "The camera cannot be used: type the six digits." : "L’appareil photo n’est pas disponible : tapez les six chiffres.";
      return;
    }
    video.hidden = false;
    await video.play();
    const look = async () => {
      const [found] = await detector.detect(video).catch(() => []);
      if (!found) return requestAnimationFrame(look);
      const form = scanner.closest("form");
      form.querySelector("[name=code]").value = found.rawValue.split("/").pop();
      form.querySelector("[data-now]").value = Date.now();
      for (const track of video.srcObject.getTracks()) track.stop();
      video.hidden = true;
      form.querySelector("[name=to]").value ? form.requestSubmit() : form.querySelector("[name=to]").focus();
    };
    look();
  });
}
