// The passenger's page: reads the driver's code with the camera, notes the hour and a random name of this device.
"use strict";

const DEVICE = "covoit.device";
const device = () => {
  let name = localStorage.getItem(DEVICE);
  if (!name) {
    name = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(DEVICE, name);
  }
  return name;
};
for (const form of document.querySelectorAll("form")) {
  const at = form.querySelector("[data-now]");
  if (!at) continue;
  const code = form.querySelector("[name=code]");
  const named = form.querySelector("[data-device]");
  if (named) named.value = device();
  if (code) code.addEventListener("input", () => { at.value = Date.now(); });
  form.addEventListener("submit", () => { if (!at.value) at.value = Date.now(); });
}

// The camera: the reader of codes (400 kB) is fetched when it is wanted, from this site, and no picture is kept.
const scanner = document.querySelector("[data-scan]");
if (scanner && navigator.mediaDevices?.getUserMedia && "WebAssembly" in window) {
  const { module, reader, wasm, none, seek, foreign } = scanner.dataset;
  const video = scanner.querySelector("[data-scan-video]");
  const says = scanner.querySelector("[data-scan-says]");
  const start = scanner.querySelector("[data-scan-start]");
  const stop = scanner.querySelector("[data-scan-stop]");
  const form = scanner.closest("form");
  const fetched = () =>
    new Promise((done, failed) => {
      if (globalThis.ZXingWASM) return done();
      const script = Object.assign(document.createElement("script"), { src: reader, onload: done, onerror: failed });
      document.head.append(script);
    });
  let running = null;
  const close = () => {
    running?.stop();
    running = null;
    video.hidden = stop.hidden = true;
    start.hidden = false;
  };
  const read = async (_octets, _seenAt, text) => {
    const token = /\/C\/([^/?#]+)$/i.exec(text)?.[1];
    if (!token) {
      says.textContent = foreign;
      return;
    }
    close();
    says.textContent = "";
    const code = form.querySelector("[name=code]");
    code.value = token;
    code.dispatchEvent(new Event("input", { bubbles: true })); // as if it were typed
    const to = form.querySelector("[name=to]");
    if (form.querySelector("[name=from]").value && to.value) form.requestSubmit();
    else (to.value ? form.querySelector("[name=from]") : to).focus();
  };
  scanner.hidden = false;
  stop.addEventListener("click", () => {
    close();
    start.focus();
  });
  start.addEventListener("click", async () => {
    start.hidden = true;
    says.textContent = seek;
    try {
      const [{ openReader, openScan }] = await Promise.all([import(module), fetched()]);
      const eyes = await openReader(wasm);
      video.hidden = stop.hidden = false;
      running = await openScan(video, eyes, read);
    } catch (fault) {
      console.warn(fault);
      close();
      says.textContent = none;
    }
  });
}
