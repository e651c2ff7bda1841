// Says what a change would do while its form is filled in; without scripts the change is made, and told then.

const WAIT_MS = 300;

for (const output of document.querySelectorAll("output[data-try]")) {
  const form = output.closest("form");
  let wait;
  let latest = 0;
  const ask = async () => {
    if (!form.checkValidity()) {
      output.textContent = "";
      return;
    }
    const number = ++latest;
    try {
      const answer = await fetch(output.dataset.try, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      if (!answer.ok || number !== latest) return;
      const { words } = await answer.json();
      output.textContent = words;
    } catch {
      output.textContent = ""; // the network is bad: the change itself will say
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(ask, WAIT_MS);
  });
}
