// A file that will be refused is said so before it travels, until another one is chosen.
document.querySelectorAll(".file-choice[data-largest]").forEach((choice) => {
  const input = choice.querySelector('input[type="file"]');
  const largest = Number(choice.dataset.largest);
  const words = document.createElement("p");
  words.className = "field-error";
  words.id = `${input.id}-too-large`;
  words.setAttribute("role", "alert");
  input.addEventListener("change", () => {
    const size = input.files[0]?.size ?? 0;
    const shown = (size / 1024 / 1024).toFixed(1).replace(".", ",");
    words.textContent = `Ce fichier fait ${shown} Mo : 10 Mo au plus. Choisissez-en un autre.`;
    if (size > largest) {
      choice.append(words);
      input.value = "";
    } else {
      words.remove();
    }
  });
  // Sent without it, the page would say that no file was chosen.
  input.form.addEventListener("submit", (event) => {
    if (!words.isConnected) return;
    event.preventDefault();
    event.stopPropagation();
    input.focus();
  });
});
