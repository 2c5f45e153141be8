// The recount goes on by itself; without this file a button does the same.
const form = document.querySelector("form[data-goes-on]");
if (form) setTimeout(() => form.requestSubmit(), 400);
