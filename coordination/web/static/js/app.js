// Progressive enhancement only: every page works without this file.

// A form sent twice by an impatient thumb is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
});

// A page brought back by the "Previous" button may be sent again, with what was typed.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });
});

// What went wrong is read first.
document.querySelector("[data-focus]")?.focus();

// A long password is easier to type when it can be read.
document.querySelectorAll('input[type="password"]').forEach((input) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet reveal";
  button.textContent = "Afficher le mot de passe";
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.textContent = hidden ? "Masquer le mot de passe" : "Afficher le mot de passe";
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
  input.after(button);
});

// One gesture for a whole list of boxes; without this file the button is not shown.
document.querySelectorAll("[data-tick-all]").forEach((button) => {
  const boxes = [...button.form.querySelectorAll(`input[type="checkbox"][name="${button.dataset.tickAll}"]`)];
  const every = () => boxes.every((box) => box.checked);
  const say = () => { button.textContent = every() ? "Tout décocher" : "Tout cocher"; };
  button.addEventListener("click", () => {
    const tick = !every();
    boxes.forEach((box) => { box.checked = tick; });
    say();
  });
  boxes.forEach((box) => box.addEventListener("change", say));
  say();
  button.parentElement.hidden = false;
});
