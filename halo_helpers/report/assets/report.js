// The heat map of a report, drawn from the data in the page. Its short keys are those of `_data` in html.py.
const D = JSON.parse(document.getElementById("data").textContent);
const STEP = 100;
const LOOK = {
  p: ["pass", "●", "OK"],
  w: ["warn", "▲", "look at"],
  f: ["fail", "✖", "broken"],
  e: ["error", "?", "could not check"],
  s: ["skip", "·", "not reached"],
  "-": ["skip", "", "not asked"],
};

const $ = (id) => document.getElementById(id);

const make = (tag, text, className) => {
  const e = document.createElement(tag);
  if (text !== undefined) {
    e.textContent = text;
  }
  if (className) {
    e.className = className;
  }
  return e;
};

// Times are told in the reader's own zone.
for (const t of document.querySelectorAll("time")) {
  const d = new Date(t.dateTime);
  t.title = t.dateTime;
  if (t.textContent.length > 10) {
    const parts = Intl.DateTimeFormat(undefined, { timeZoneName: "short" }).formatToParts(d);
    const zone = parts.find((p) => p.type === "timeZoneName")?.value;
    t.textContent = `${d.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })} ${zone}`;
  }
}

const first = document.querySelector("small > time");
if ($("age") && first) {
  const h = (Date.now() - new Date(first.dateTime)) / 36e5;
  const [n, unit] = h < 1 ? [Math.max(0, h * 60), "minute"] : h < 48 ? [h, "hour"] : [h / 24, "day"];
  const count = Math.round(n);
  $("age").textContent = `${count} ${unit}${count === 1 ? "" : "s"} old.`;
  if (h > 26) {
    $("age").className = "fail";
  }
}

for (const [id, title] of D.checks) {
  const th = make("th", id, "check");
  th.scope = "col";
  th.title = title;
  $("head").append(th);
}

// Fill a choice with what occurs; a choice of nothing is not shown.
const fill = (id, values) => {
  for (const v of [...new Set(values)].filter(Boolean).sort()) {
    $(id).append(new Option(v, v));
  }
  $(id).parentElement.hidden = $(id).options.length < 2;
};

// A check's heading: its title, but another one when it is broken, and what it earned when it holds.
const HEADING = { f: 2, e: 2, p: 3 };
const headline = (t, i) => D.checks[i][HEADING[t.c[i]] ?? 1];
const codesOf = (t) => t.f.map((f) => f[1]);
fill("k", D.tenants.flatMap(codesOf));
const owners = D.tenants.map((t) => t.o);
fill("o", owners);

let shown = STEP;
let open = null;

// Everything about one tenant, in a row below its own.
function detail(t) {
  const row = make("tr", undefined, "detail");
  const cell = make("td");
  cell.colSpan = D.checks.length + 2;
  const about = [
    t.u,
    t.a && `acts as ${t.a}`,
    t.o && `owner: ${t.o}`,
    t.s && `not working since ${new Date(t.s).toLocaleString()}`,
    t.t > 1 && `tried ${t.t} times`,
  ];
  cell.append(make("p", about.filter(Boolean).join(" · ")));
  if (!t.f.length) {
    cell.append(make("p", "Every check is OK."));
  }
  for (const [title, code, v, seen, why] of t.f) {
    const p = make("p");
    p.append(
      make("b", LOOK[v][2], LOOK[v][0]),
      ` ${title} `,
      make("code", code),
      make("br"),
      make("b", "Seen: "),
      seen,
      make("br"),
      make("b", "Why: "),
    );
    if (typeof why === "string") {
      p.append("it follows from ", make("code", why));
    } else {
      const [cause, remedy, where] = D.advice[why];
      p.append(cause, make("br"), make("b", "To do: "), remedy + (where ? ` → ${where}` : ""));
    }
    cell.append(p);
  }
  const list = make("details");
  list.append(make("summary", `All ${D.checks.length} checks`));
  const table = make("table");
  D.checks.forEach(([id], i) => {
    const tr = make("tr");
    const [k, , w] = LOOK[t.c[i]];
    tr.append(make("td", id), make("td", headline(t, i)), make("td", w, k));
    table.append(tr);
  });
  list.append(table);
  cell.append(list);
  if (D.evidence) {
    const p = make("p");
    const a = make("a", "The executed notebook");
    a.href = `${encodeURIComponent(t.n)}.ipynb`;
    p.append(a, make("small", `  ·  as a page: halo-runbook report RUN --tenant ${t.n}`));
    cell.append(p);
  }
  row.append(cell);
  return row;
}

// Draw the rows that are searched for, as many as are shown.
function draw() {
  const q = $("q").value.toLowerCase();
  const v = $("v").value;
  const k = $("k").value;
  const o = $("o").value;
  const found = D.tenants.filter(
    (t) =>
      (!v || t.v === v) &&
      (!o || t.o === o) &&
      (!k || t.f.some((f) => f[1] === k)) &&
      (!q || `${t.n} ${t.l} ${t.u} ${t.f.map((f) => f[1]).join(" ")}`.toLowerCase().includes(q)),
  );
  const rows = document.createDocumentFragment();
  for (const t of found.slice(0, shown)) {
    const tr = make("tr");
    const th = make("th");
    const b = make("button", t.l || t.n);
    tr.id = `t-${t.n}`;
    th.scope = "row";
    b.type = "button";
    b.setAttribute("aria-expanded", open === t.n);
    b.addEventListener("click", () => {
      open = open === t.n ? null : t.n;
      draw();
      const again = document.getElementById(`t-${t.n}`);
      if (again) {
        again.querySelector("button").focus();
      }
    });
    th.append(b);
    if (t.l) {
      th.append(make("br"), make("small", t.n));
    }
    const [cls, , word] = LOOK[t.v];
    const r = make("td", word, cls);
    if (t.f.length) {
      const codes = [...new Set(codesOf(t))].map((code) => make("span", code, "whole"));
      const small = make("small");
      small.append(...codes.flatMap((one, n) => (n ? [", ", one] : [one])));
      r.append(make("br"), small);
    }
    tr.append(th, r);
    for (let i = 0; i < D.checks.length; i++) {
      const [c, sign, w] = LOOK[t.c[i]];
      const td = make("td", sign, `cell ${c}`);
      td.title = `${headline(t, i)}: ${w}`;
      tr.append(td);
    }
    rows.append(tr);
    if (open === t.n) {
      rows.append(detail(t));
    }
  }
  $("rows").replaceChildren(rows);
  $("more").hidden = found.length <= shown;
  $("count").textContent =
    `${found.length} of ${D.tenants.length} tenants${found.length > shown ? `, ${shown} shown` : ""}`;
}

for (const id of ["q", "v", "k", "o"]) {
  $(id).addEventListener("input", () => {
    shown = STEP;
    draw();
  });
}

$("more").addEventListener("click", () => {
  shown += 5 * STEP;
  draw();
});
// A tenant's name elsewhere on the page leads to its row.
document.addEventListener("click", (e) => {
  const a = e.target.closest("[data-tenant]");
  if (!a) {
    return;
  }
  e.preventDefault();
  $("q").value = a.dataset.tenant;
  for (const id of ["v", "k", "o"]) {
    $(id).value = "";
  }
  open = a.dataset.tenant;
  draw();
  $("map").scrollIntoView();
});
draw();
