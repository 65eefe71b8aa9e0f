// A card that the kernel draws: its HTML is put in place, and what carries `data-do` asks the kernel.
// What is being edited, what is unfolded and where the focus is stay as they are when it is drawn again.

function keyOf(element) {
  return element?.closest("[data-key]")?.dataset.key;
}

function drawInto(root, html, touched) {
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const key = focused && keyOf(focused);
  const wasAsked = root.querySelector("[data-safe]") !== null;
  const typed = new Map();
  for (const field of root.querySelectorAll("input[name], textarea[name]")) {
    if (field.value !== field.defaultValue) {
      typed.set(field.name, field.value);
    }
  }
  const unfolded = new Map(
    [...root.querySelectorAll("details[data-key]")].map((d) => [d.dataset.key, d.open]),
  );
  root.innerHTML = html;
  for (const [name, value] of typed) {
    const field = root.querySelector(`[name="${CSS.escape(name)}"]`);
    if (field) {
      field.value = value;
    }
  }
  for (const details of root.querySelectorAll("details[data-key]")) {
    if (unfolded.has(details.dataset.key)) {
      details.open = unfolded.get(details.dataset.key);
    } else if (touched && details.classList.contains("h-line")) {
      details.open = true; // it was a card a moment ago, and somebody is at work in it
    }
  }
  // a question takes the focus to its safe answer; when it is gone, the focus is where it was opened
  const safe = root.querySelector("[data-safe]");
  if (focused && safe && !wasAsked) {
    root.dataset.asker = key || "";
    safe.focus();
    return;
  }
  const back = wasAsked && !safe && focused ? root.dataset.asker : key;
  if (back) {
    root.querySelector(`[data-key="${CSS.escape(back)}"]`)?.focus({ preventScroll: true });
  }
}

// Put a text on the clipboard; the button says that it is there.
async function copyFrom(button) {
  const label = button.dataset.label || "it";
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    button.setAttribute("aria-label", `Copied ${label}`);
  } catch {
    button.textContent = "Copy by hand";
  }
}

// Open another notebook of this walk: in JupyterLab without loading the page anew, else as a link does.
async function openStep(link, event) {
  const app = window.jupyterapp; // Voilà has one, too, that opens no documents
  const [file, step] = link.dataset.open.split("#");
  if (!app?.commands?.hasCommand("docmanager:open")) {
    if (location.pathname.endsWith(`/${file}`) && step) {
      event.preventDefault();
      showStep(step);
    } else {
      link.href = location.pathname.includes("/voila/render/") ? `/voila/render/${file}` : file;
    }
    return;
  }
  event.preventDefault();
  const here = app.shell.currentWidget?.context?.path || "";
  const path = here.replace(/[^/]*$/, file);
  const opened = await app.commands.execute("docmanager:open", { path });
  await opened?.context?.sessionContext?.ready;
  const isSaved = opened?.node.querySelector("[data-halo-saved]"); // it runs by itself
  // while it runs by itself, the saved view is gone already, and its panels are not there yet
  if (
    opened &&
    !isSaved &&
    !window.haloRunning?.has(opened) &&
    !opened.node.querySelector(".halo [data-step]")
  ) {
    // its panels are not there: nobody has run it in this session
    app.shell.activateById(opened.id);
    await runAllCells(app, opened);
  }
  if (step) {
    showStep(step);
  }
}

// Bring a step's card below the header and move the focus to its heading.
function showStep(step, tries = 200) {
  const found = [...document.querySelectorAll(`[data-step="${CSS.escape(step)}"]`)].find(
    (e) => e.offsetParent,
  );
  if (!found) {
    if (tries) {
      setTimeout(() => showStep(step, tries - 1), 150);
    }
    return;
  }
  for (const details of found.querySelectorAll("details.h-line")) {
    details.open = true;
  }
  bringUp(found);
  found.querySelector("[tabindex]")?.focus({ preventScroll: true });
}

// Scroll to a card and the heading above it; to the top of the notebook when there is none.
function bringUp(card) {
  const cell = card?.closest("[cell-index]") || card?.closest(".jp-Cell");
  const above = cell?.previousElementSibling;
  if (cell) {
    const isText = above?.matches(".jp-MarkdownCell, :has(> .jp-MarkdownCell)");
    (isText ? above : cell).scrollIntoView({ block: "start" });
  } else if (card) {
    card.scrollIntoView({ block: "start" });
  } else {
    const notebooks = [...document.querySelectorAll(".jp-Notebook .jp-WindowedPanel-outer")];
    notebooks.find((one) => one.offsetParent)?.scrollTo({ top: 0 });
  }
}

function render({ model, el }) {
  const root = make("div", { class: "halo" });
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  const said = make("p", { class: "h-soft", role: "status" });
  const spoken = make("p", { class: "h-hidden", role: "status" });
  const results = make("div", { class: "halo", role: "alert" });
  const shell = make("div", {}, root, results, make("div", { class: "halo" }, said, spoken));
  const { ask, stop } = asker(model, (text) => {
    said.textContent = text;
  });
  const send = (element) => {
    const form = element.closest("[data-form]");
    const fields = [...(form || root).querySelectorAll("input[name], textarea[name], select[name]")];
    const values = fields.map((field) =>
      field.type === "radio" ? (field.checked ? [field.name, field.value] : null) : [field.name, field.value],
    );
    ask({ ...Object.fromEntries(values.filter(Boolean)), ...element.dataset });
    for (const field of fields.filter((one) => one.type === "password")) {
      field.value = ""; // it was sent once, and stays nowhere
    }
  };
  // a secret comes as a message, goes to the clipboard, and is kept nowhere
  const onMessage = async (message) => {
    if (message.kind !== "copy") {
      return;
    }
    try {
      await navigator.clipboard.writeText(message.value);
      said.textContent = "It is on the clipboard. Paste it now, then copy something else.";
    } catch {
      said.textContent = "The browser does not allow it. Make a new secret in HaloPSA and paste that one.";
    }
  };
  model.on("msg:custom", onMessage);
  let touched = false;
  root.addEventListener("click", (event) => {
    touched = true;
    const element = event.target.closest("[data-do], [data-copy], [data-open]");
    if (!element || element.getAttribute("aria-disabled") === "true") {
      return;
    }
    if (element.dataset.open !== undefined) {
      openStep(element, event);
      return;
    }
    if (element.dataset.copy !== undefined) {
      copyFrom(element);
    }
    if (element.dataset.do !== undefined) {
      send(element);
    }
  });
  root.addEventListener("keydown", (event) => {
    const field = event.target.closest("input[name], textarea[name]");
    if (field && !event.ctrlKey && !event.metaKey) {
      event.stopPropagation();
    }
    if (event.key === "Enter" && field && field.tagName === "INPUT") {
      event.preventDefault();
      const form = field.closest("[data-form]") || root;
      (form.querySelector(".h-btn.main[data-do]") || form.querySelector(".h-btn[data-do]"))?.click();
    }
    if (event.key === "Escape") {
      event.target.closest("[data-form]")?.querySelector("[data-safe]")?.click();
    }
  });
  el.append(shell);
  // what is drawn anew under a pressed button would swallow the click
  let pressed = false;
  let waiting = false;
  const draw = () => {
    waiting = pressed;
    if (!pressed) {
      drawInto(root, model.get("html"), touched);
      markHere(root);
    }
  };
  const release = () => {
    pressed = false;
    if (waiting) {
      setTimeout(draw, 0);
    }
  };
  root.addEventListener("pointerdown", () => {
    pressed = true;
  });
  window.addEventListener("pointerup", release);
  window.addEventListener("pointercancel", release);
  const unfollow = follow(model, ["html"], draw);
  const unspeak = follow(model, ["spoken", "results"], () => {
    spoken.textContent = model.get("spoken");
    results.innerHTML = model.get("results");
  });
  const unstick = model.get("sticky") ? keepOnTop(el, ask, model.get("target")) : () => {};
  return () => {
    window.removeEventListener("pointerup", release);
    window.removeEventListener("pointercancel", release);
    unfollow();
    unspeak();
    unstick();
    stop();
    model.off("msg:custom", onMessage);
  };
}

// The header: its cell stays in view, the kernel is told that a page is there, and once all cells have run the
// page shows the card that is next, unless the person has moved it meanwhile.
const MOVES = ["wheel", "keydown", "pointerdown", "touchmove"];

// Say so in the header when the kernel is gone: nothing is lost, and one button runs the notebook again.
const AWAY = ["restarting", "autorestarting", "dead", "terminating"];

function followKernel(el) {
  const session = window.jupyterapp?.shell.currentWidget?.context?.sessionContext;
  if (!session?.statusChanged) {
    return () => {};
  }
  const say = (_, status) => {
    const head = el.querySelector(".h-head");
    if (!head || !AWAY.includes(status) || head.querySelector(".h-gone")) {
      return;
    }
    const run = make("button", { type: "button", class: "h-btn main", textContent: "Run this notebook" });
    run.addEventListener("click", () =>
      runAllCells(window.jupyterapp, window.jupyterapp.shell.currentWidget),
    );
    const words = make("span", { class: "h-state", textContent: "Not running. Nothing is lost." });
    words.dataset.is = "unsure";
    head.querySelector("[data-key=next]")?.remove();
    head.querySelector("p[role=status]").replaceChildren(words);
    head.append(make("div", { class: "h-gone" }, run));
  };
  session.statusChanged.connect(say);
  return () => session.statusChanged.disconnect(say);
}

// In the header, name the notebook that this page shows.
function markHere(root) {
  const id = root.closest(".jp-NotebookPanel")?.id;
  const widgets = id ? [...(window.jupyterapp?.shell.widgets?.("main") || [])] : [];
  const path = widgets.find((one) => one.id === id)?.context?.path || location.pathname;
  const file = path.split("/").pop();
  root.querySelector(`.h-steps a[data-open="${CSS.escape(file)}"]`)?.setAttribute("aria-current", "page");
}

function keepOnTop(el, ask, target) {
  let moved = false;
  const noteMove = () => {
    moved = true;
  };
  const waiting = [
    // Voilà puts each cell into an element of its own
    setTimeout(() => {
      (el.closest("[cell-index]") || el.closest(".jp-Cell"))?.classList.add("halo-stick");
      markHere(el.querySelector(".halo") || el);
    }, 0),
    setTimeout(() => {
      for (const name of MOVES) {
        window.addEventListener(name, noteMove, { once: true, passive: true });
      }
    }, 50),
    setTimeout(() => {
      const next = [...document.querySelectorAll(".h-card.now")].find((card) => card.offsetParent);
      if (!moved && target && document.querySelector(`[data-step="${CSS.escape(target)}"]`)) {
        showStep(target, 0);
      } else if (!moved) {
        bringUp(next);
      }
    }, 1200),
  ];
  ask({ do: "hello" });
  const forget = followKernel(el);
  return () => {
    forget();
    waiting.forEach(clearTimeout);
    for (const name of MOVES) {
      window.removeEventListener(name, noteMove);
    }
  };
}

export default { render };
