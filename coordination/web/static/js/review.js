// The weekly review by keyboard: a figure presses the button that bears it, only while the focus is in its form.
const form = document.querySelector("[data-review]");
if (form) {
  document.documentElement.classList.add("has-keys");
  form.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || form.dataset.sent) return;
    // A French keyboard writes & é " ' ( - è on the keys of the figures: there the key counts, not its sign.
    const figure = /^\d$/.test(event.key) ? event.key : event.code.replace(/^(Digit|Numpad)/, "");
    const button = form.querySelector(`[data-key="${CSS.escape(figure)}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  // The page stays at its top: what is stuck is read before what is done about it.
  if (!document.querySelector("[data-focus]")) form.querySelector("fieldset").focus({ preventScroll: true });
}
