#include "widthwise/report/page_parts.h"

namespace widthwise::report {

std::string_view page_style() {
  return R"css(
:root { color-scheme: light; --ink: #1f2530; --soft: #5b6472; --line: #dfe3ea; --paper: #ffffff; --ground: #f5f6f9;
  --agrees: #0b6e4f; --agrees-ground: #e0f3ec; --disagrees: #a8321a; --disagrees-ground: #fbe7e1;
  --undecided: #6b5200; --undecided-ground: #fbf1cf; --waiting: #566072; --waiting-ground: #eceff4; --link: #1f5fa8; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 32px; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 8px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 36px 0 12px; }
h3 { font-size: 1.05rem; margin: 0 0 2px; overflow-wrap: anywhere; }
h4 { font-size: 0.8rem; margin: 14px 0 4px; color: var(--soft); text-transform: uppercase; letter-spacing: 0.04em; }
p { margin: 0 0 10px; max-width: 75ch; }
a { color: var(--link); }
code, pre, .number { font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; font-size: 0.88em; }
.status { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 18px; color: var(--soft); margin: 12px 0 0; }
progress { width: 180px; height: 8px; accent-color: #2a788e; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin: 0 0 18px; }
.scroll { overflow-x: auto; }
.warning { border-left: 4px solid #d9a514; padding: 10px 14px; background: var(--undecided-ground); border-radius: 6px;
  margin: 0 0 10px; }
table { border-collapse: collapse; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 0.82rem; white-space: nowrap; }
th, td { padding: 5px 14px 5px 0; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
.verdicts { width: 100%; }
.verdicts > thead th { border-bottom: 1px solid var(--line); padding-bottom: 8px; vertical-align: bottom; }
.verdicts > tbody > tr.row > td { padding-top: 12px; vertical-align: middle; }
.verdicts > tbody > tr.why > td { padding: 0 0 12px; border-bottom: 1px solid var(--line); }
.verdicts > tbody:last-child > tr.why > td { border-bottom: 0; padding-bottom: 2px; }
.verdicts .name { font-weight: 600; min-width: 180px; overflow-wrap: anywhere; }
.verdicts > tbody > tr.row > td.number { text-align: left; }
.remark { font-weight: 400; color: var(--soft); font-size: 0.88rem; }
.mark { display: inline-block; padding: 2px 10px; border-radius: 999px; font-weight: 600; font-size: 0.85rem;
  white-space: nowrap; }
.agrees { color: var(--agrees); background: var(--agrees-ground); }
.disagrees { color: var(--disagrees); background: var(--disagrees-ground); }
.undecided { color: var(--undecided); background: var(--undecided-ground); }
.waiting { color: var(--waiting); background: var(--waiting-ground); }
.picture { display: block; width: 200px; height: 24px; }
.picture text { font-size: 10px; font-weight: 400; fill: var(--soft); text-anchor: middle; }
.picture .band { fill: #d5dae4; }
.picture .axis { stroke: #b9c0cc; stroke-width: 1; }
.picture .zero { stroke: #b9c0cc; stroke-width: 1; stroke-dasharray: 2 2; }
.picture .mark-agrees { stroke: var(--agrees); fill: var(--agrees); stroke-width: 2; }
.picture .mark-disagrees { stroke: var(--disagrees); fill: var(--disagrees); stroke-width: 2; }
.picture .mark-undecided { stroke: var(--undecided); fill: var(--undecided); stroke-width: 2; }
.legend { color: var(--soft); font-size: 0.85rem; margin: 12px 0 0; }
details > summary { cursor: pointer; color: var(--link); font-size: 0.88rem; width: max-content; max-width: 100%; }
details[open] > summary { margin-bottom: 8px; }
.explanation { border-left: 3px solid var(--line); padding: 2px 0 2px 16px; margin: 4px 0 6px; }
.explanation p { margin-bottom: 6px; }
.explanation td, .explanation th { padding-top: 1px; padding-bottom: 1px; }
.explanation ul { margin: 0; padding-left: 20px; }
figure { margin: 0; }
figcaption .note { color: var(--soft); font-size: 0.92rem; margin: 0; }
.plot { width: 100%; min-height: 40px; }
.missing { padding: 26px 16px; margin: 10px 0; text-align: center; color: var(--soft); background: var(--ground);
  border-radius: 8px; max-width: none; }
.files { font-size: 0.85rem; color: var(--soft); margin: 4px 0 0; }
pre { background: var(--ground); border-radius: 8px; padding: 14px 16px; overflow-x: auto; line-height: 1.45; margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 0.85rem; padding-top: 12px; padding-bottom: 40px; }
@media (max-width: 640px) { .card { padding: 14px 12px; } header, main, footer { padding-left: 12px; padding-right: 12px; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@media print { body { background: #fff; } .card { border: 0; padding: 0; break-inside: avoid; } .files { display: none; } }
)css";
}

std::string_view error_counter_script() {
  return R"js(
(function () {
  var root = document.documentElement, count = 0, report = console.error;
  function add(what) { count += 1; root.setAttribute('data-errors', count); root.setAttribute('data-error', String(what)); }
  root.setAttribute('data-errors', 0);
  window.addEventListener('error', function (event) { add(event.message); });
  window.addEventListener('unhandledrejection', function (event) { add(event.reason); });
  console.error = function () { add(arguments[0]); report.apply(console, arguments); };
})();
)js";
}

std::string_view drawing_script() {
  return R"js(
(function () {
  var root = document.documentElement, holders = document.querySelectorAll('.plot');
  function draw(i) {
    if (i === holders.length) { root.setAttribute('data-drawn', i); return; }
    var holder = holders[i], figure = JSON.parse(document.getElementById(holder.dataset.figure).textContent);
    Plotly.newPlot(holder, figure.data, figure.layout, {
      responsive: true, displaylogo: false, modeBarButtonsToRemove: ['lasso2d', 'select2d'],
      toImageButtonOptions: { format: 'svg', filename: holder.dataset.name }
    }).then(function () { setTimeout(draw, 0, i + 1); });
  }
  draw(0);
})();
)js";
}

}  // namespace widthwise::report
