// What the traveller's pages gain when scripts run: completion, « ma position », a shorter form, the map when it is wanted.
// Without them the same pages answer by plain forms.

document.documentElement.classList.add("js");

const ICONS = {
  commune: '<circle cx="12" cy="12" r="5" fill="none" stroke="currentColor" stroke-width="2"/>',
  station: '<rect x="6" y="3" width="12" height="14" rx="3" fill="none" stroke="currentColor" stroke-width="2"/><path d="M6 11h12M9 21l1.5-4M15 21l-1.5-4" stroke="currentColor" stroke-width="2"/>',
  stop: '<rect x="5" y="4" width="14" height="13" rx="2" fill="none" stroke="currentColor" stroke-width="2"/><path d="M5 11h14M8 20v-3M16 20v-3" stroke="currentColor" stroke-width="2"/>',
  address: '<path d="M4 11l8-7 8 7v9h-5v-6H9v6H4z" fill="none" stroke="currentColor" stroke-width="2"/>',
};
const french = document.documentElement.lang !== "en";
const KINDS = french
  ? { commune: "commune", station: "gare ou station", stop: "arrêt", address: "adresse" }
  : { commune: "town or village", station: "station", stop: "stop", address: "address" };

// ---- Completion: the combobox with a list box of the ARIA Authoring Practices; Enter on no choice sends the form as typed.
class Completion {
  constructor(field, form) {
    this.input = field.querySelector("input[type=text]");
    this.hidden = field.querySelector("input[type=hidden]");
    this.box = field.querySelector(".place-box");
    this.address = form.dataset.stops;
    this.kinds = form.dataset.kinds || "commune,station,stop,address";
    this.found = [];
    this.active = -1;
    this.asked = 0;
    this.list = document.createElement("ul");
    Object.assign(this.list, { className: "suggestions", id: `${this.input.id}-list`, hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", field.querySelector("label").textContent.trim());
    this.box.append(this.list);
    this.said = document.createElement("p");
    this.said.className = "unseen";
    this.said.setAttribute("role", "status");
    field.append(this.said);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", this.list.id]])
      this.input.setAttribute(name, value);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) this.choose(Number(row.dataset.row));
    });
  }
  typed() {
    if (this.hidden) this.hidden.disabled = true;
    clearTimeout(this.wait);
    const text = this.input.value.trim();
    if (text.length < 2) return this.close();
    this.wait = setTimeout(() => this.ask(text), 120);
  }
  async ask(text) {
    const turn = ++this.asked;
    const query = new URLSearchParams({ q: text, kind: this.kinds, limit: "7" });
    try {
      const answer = await fetch(`${this.address}?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || turn !== this.asked || document.activeElement !== this.input) return;
      this.show((await answer.json()).stops);
    } catch {
      this.close(); // no network: the form is sent as typed and the server answers
    }
  }
  show(found) {
    this.found = found;
    this.active = -1;
    this.list.replaceChildren(
      ...found.map((place, row) => {
        const item = document.createElement("li");
        item.id = `${this.list.id}-${row}`;
        item.dataset.row = row;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.innerHTML = `<svg aria-hidden="true" viewBox="0 0 24 24" width="22" height="22">${ICONS[place.kind]}</svg>`;
        const words = document.createElement("span");
        const name = document.createElement("b");
        name.textContent = place.name;
        const around = document.createElement("small");
        around.textContent = [KINDS[place.kind], place.context].filter(Boolean).join(", ");
        words.append(name, around);
        item.append(words);
        return item;
      }),
    );
    this.list.hidden = found.length === 0;
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    this.said.textContent = french
      ? found.length > 1 ? `${found.length} propositions` : `${found.length} proposition`
      : `${found.length} suggestion${found.length === 1 ? "" : "s"}`;
  }
  close() {
    this.asked++;
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
  key(event) {
    if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      return this.close();
    }
    if (event.key === "Enter" && this.active >= 0 && !this.list.hidden) {
      event.preventDefault();
      return this.choose(this.active);
    }
    if (event.key === "Tab" && this.active >= 0 && !this.list.hidden) return this.choose(this.active);
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && this.found.length) {
      if (this.list.hidden) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.active = (this.active + step + this.found.length + (this.active < 0 && step < 0 ? 1 : 0)) % this.found.length;
      [...this.list.children].forEach((item, row) => item.setAttribute("aria-selected", String(row === this.active)));
      this.list.children[this.active].scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", this.list.children[this.active].id);
    }
  }
  choose(row) {
    const place = this.found[row];
    set(this.input, place.label, place.id);
    this.close();
  }
}

/** Write a place into its field, with its id when the name alone would not tell. */
function set(input, text, id) {
  input.value = text;
  const hidden = input.closest(".field").querySelector("input[type=hidden]");
  if (hidden) {
    hidden.value = id || "";
    hidden.disabled = !id;
  }
}

for (const form of document.querySelectorAll("form[data-search]")) {
  for (const field of form.querySelectorAll("[data-place]")) new Completion(field, form);

  const when = form.querySelector(".when");
  const kind = form.querySelector("#f-when");
  if (when && kind) {
    const fold = () => when.toggleAttribute("data-now", kind.value === "now");
    kind.addEventListener("change", fold);
    fold();
  }
  const swap = form.querySelector("[data-swap]");
  if (swap) {
    swap.hidden = false;
    swap.addEventListener("click", () => {
      const [a, b] = [form.elements.from, form.elements.to];
      const [c, d] = [form.elements.from_id, form.elements.to_id];
      const kept = [a.value, c.disabled ? "" : c.value];
      set(a, b.value, d.disabled ? "" : d.value);
      set(b, ...kept);
    });
  }
  const locate = form.querySelector("[data-locate]");
  if (locate && "geolocation" in navigator) {
    locate.hidden = false;
    locate.addEventListener("click", () => {
      locate.disabled = true;
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          set(locate.closest(".place-box").querySelector("input"), `${coords.latitude.toFixed(5)}, ${coords.longitude.toFixed(5)}`);
          locate.disabled = false;
        },
        () => {
          locate.disabled = false;
          const said = locate.closest(".field").querySelector("[role=status]");
          said.classList.remove("unseen");
          said.classList.add("hint");
          said.textContent = french
            ? "Votre position n’est pas disponible : écrivez un lieu."
            : "Your position is not available: type a place.";
        },
        { timeout: 8000, maximumAge: 60000 },
      );
    });
  }
  form.addEventListener("submit", () => {
    // a short address: what says nothing is not sent
    for (const input of form.querySelectorAll("input[type=hidden], input[name=avoid_text]")) if (!input.value) input.disabled = true;
    const modes = [...form.querySelectorAll("input[name=mode]")];
    if (modes.every((box) => box.checked)) modes.forEach((box) => (box.disabled = true));
    if (kind && kind.value === "now") form.querySelectorAll("#f-date, #f-time").forEach((input) => (input.disabled = true));
    for (const select of form.querySelectorAll(".options select")) {
      if (select.value === "" || select.value === "2000") select.disabled = true;
    }
    setTimeout(() => form.querySelectorAll(":disabled").forEach((each) => (each.disabled = false)), 0);
  });
}

// ---- The map: after the text, when there is room or when it is asked for.
for (const side of document.querySelectorAll("[data-map]")) {
  side.hidden = false;
  const button = side.querySelector("[data-open]");
  let begun = false;
  const open = async (byHand) => {
    if (begun) return;
    begun = true;
    button.hidden = true;
    try {
      const { show } = await import(side.dataset.module);
      await show(side, { byHand });
      document.querySelectorAll("details.journey").forEach((each) =>
        each.addEventListener("toggle", () => each.open && side.dispatchEvent(new CustomEvent("journey", { detail: Number(each.dataset.journey) }))),
      );
    } catch (fault) {
      console.warn(fault);
      side.querySelector("[data-failed]").hidden = false;
      side.querySelector("[data-canvas]").hidden = true;
    }
  };
  button.addEventListener("click", () => open(true));
  const wide = matchMedia("(min-width: 64rem)");
  if (wide.matches && !navigator.connection?.saveData) {
    const later = () => ("requestIdleCallback" in window ? requestIdleCallback(() => open(false), { timeout: 3000 }) : setTimeout(() => open(false), 300));
    if (document.readyState === "complete") later();
    else addEventListener("load", later, { once: true });
  }
}
