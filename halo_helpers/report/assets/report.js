// The heat map of a report, drawn from the data in the page, whose rows `_data` in html.py describes.
const D = JSON.parse(document.getElementById("data").textContent);
const tenants = D.tenants.map(([name, label, url, verdict, since, tries, owner, agent, line, ...found]) => ({
  name,
  label,
  url,
  verdict,
  since,
  tries,
  owner: D.texts[owner],
  agent: D.texts[agent],
  checks: D.lines[line],
  findings: found.flatMap((kind, i) => (i % 2 ? [] : [[...D.kinds[kind], D.texts[found[i + 1]]]])),
}));
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
const headline = (t, i) => D.checks[i][HEADING[t.checks[i]] ?? 1];
const codesOf = (t) => t.findings.map((f) => f[1]);
fill("k", tenants.flatMap(codesOf));
fill(
  "o",
  tenants.map((t) => t.owner),
);

const said = (number) => number.toLocaleString("en");
let shown = STEP;
let open = null;

// Everything about one tenant, in a row below its own.
function detail(t) {
  const row = make("tr", undefined, "detail");
  const cell = make("td");
  cell.colSpan = D.checks.length + 2;
  const about = [
    t.url,
    t.agent && `acts as ${t.agent}`,
    t.owner && `owner: ${t.owner}`,
    t.since && `not working since ${new Date(t.since).toLocaleString()}`,
    t.tries > 1 && `tried ${t.tries} times`,
  ];
  cell.append(make("p", about.filter(Boolean).join(" · ")));
  if (!t.findings.length) {
    cell.append(make("p", "Every check is OK."));
  }
  for (const [title, code, v, why, seen] of t.findings) {
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
    const [k, , w] = LOOK[t.checks[i]];
    tr.append(make("td", id), make("td", headline(t, i)), make("td", w, k));
    table.append(tr);
  });
  list.append(table);
  cell.append(list);
  if (D.evidence) {
    const p = make("p");
    const a = make("a", "The executed notebook");
    a.href = `${encodeURIComponent(t.name)}.ipynb`;
    p.append(a, make("small", `  ·  as a page: halo-runbook report RUN --tenant ${t.name}`));
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
  const found = tenants.filter(
    (t) =>
      (!v || t.verdict === v) &&
      (!o || t.owner === o) &&
      (!k || t.findings.some((f) => f[1] === k)) &&
      (!q || `${t.name} ${t.label} ${t.url} ${codesOf(t).join(" ")}`.toLowerCase().includes(q)),
  );
  const rows = document.createDocumentFragment();
  for (const t of found.slice(0, shown)) {
    const tr = make("tr");
    const th = make("th");
    const b = make("button", t.label || t.name);
    tr.id = `t-${t.name}`;
    th.scope = "row";
    b.type = "button";
    b.setAttribute("aria-expanded", open === t.name);
    b.addEventListener("click", () => {
      open = open === t.name ? null : t.name;
      draw();
      const again = document.getElementById(`t-${t.name}`);
      if (again) {
        again.querySelector("button").focus();
      }
    });
    th.append(b);
    if (t.label) {
      th.append(make("br"), make("small", t.name));
    }
    const [cls, , word] = LOOK[t.verdict];
    const r = make("td", word, cls);
    if (t.findings.length) {
      const codes = [...new Set(codesOf(t))].map((code) => make("span", code, "whole"));
      const small = make("small");
      small.append(...codes.flatMap((one, n) => (n ? [", ", one] : [one])));
      r.append(make("br"), small);
    }
    tr.append(th, r);
    for (let i = 0; i < D.checks.length; i++) {
      const [c, sign, w] = LOOK[t.checks[i]];
      const td = make("td", sign, `cell ${c}`);
      td.title = `${headline(t, i)}: ${w}`;
      tr.append(td);
    }
    rows.append(tr);
    if (open === t.name) {
      rows.append(detail(t));
    }
  }
  $("rows").replaceChildren(rows);
  $("more").hidden = found.length <= shown;
  $("count").textContent =
    `${said(found.length)} of ${said(tenants.length)} tenants` +
    (found.length > shown ? `, ${said(shown)} shown` : "");
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
// A tenant's name elsewhere on the page leads to its row, and a cause to the rows that have it.
document.addEventListener("click", (e) => {
  const a = e.target.closest("[data-tenant], [data-code]");
  if (!a) {
    return;
  }
  e.preventDefault();
  const { tenant = "", code = "" } = a.dataset;
  $("q").value = tenant;
  $("k").value = code;
  for (const id of ["v", "o"]) {
    $(id).value = "";
  }
  open = tenant || null;
  shown = STEP;
  draw();
  $("map").scrollIntoView();
});
draw();
