// What is typed and not yet saved is kept on the server, sealed: nothing stays in this browser.
const PAUSE = 3000;
const SPACING = 10000;
// Which opening of the page a save comes from, so that none still on its way undoes an erasure.
const OPENING = "draft_opening";

function drawn() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
}

function follow(form) {
  let timer;
  let last = 0;
  let unsaved = false;
  let sent = false;
  let running;
  let opening = drawn();

  function typed() {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !name.includes("password")) fields.append(name, value);
    }
    fields.append(OPENING, opening);
    return fields;
  }

  function stop() {
    sent = true;
    clearTimeout(timer);
    running?.abort();
  }

  async function save(leaving) {
    clearTimeout(timer);
    if (!unsaved || sent) return;
    unsaved = false;
    last = Date.now();
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(form.dataset.drafts, {
        method: "POST",
        body: typed(),
        keepalive: leaving,
        signal: leaving ? undefined : running.signal,
        credentials: "same-origin",
        redirect: "error",
      });
      if (answer.status === 401) over();
      else if (!answer.ok) unsaved = true;
    } catch {
      // Away, or a newer one took its place: the next pause tries again.
      unsaved = true;
    }
  }

  function over() {
    if (form.querySelector(".draft-over")) return;
    const words = document.createElement("p");
    words.className = "note note-warning draft-over";
    words.setAttribute("role", "status");
    words.textContent =
      "Votre session est terminée. Continuez : en enregistrant, vous retrouverez votre texte, avec de quoi vous reconnecter.";
    form.prepend(words);
  }

  form.addEventListener("input", () => {
    unsaved = true;
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(PAUSE, last + SPACING - Date.now()), false);
  });
  form.addEventListener("submit", stop);
  document.querySelectorAll("form[data-erases-draft]").forEach((erasing) => {
    erasing.addEventListener("submit", stop);
    erasing.addEventListener("formdata", (event) => event.formData.set(OPENING, opening));
  });
  window.addEventListener("pagehide", () => save(true));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save(true);
  });
  // Brought back by the "Previous" button, the form lives again.
  window.addEventListener("pageshow", (event) => {
    sent = false;
    if (event.persisted) opening = drawn();
  });
}

document.querySelectorAll("form[data-drafts]").forEach(follow);
