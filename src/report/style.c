/* The style sheet: colours as variables (light, dark, print), then page, charts, tables.
 * Series colours are those of Okabe and Ito (2008), told apart by readers with any colour vision; each series has its
 * own marker and label, too. */
#include "report/html.h"

/* The eight series colours, then the steps of the p-value strip from pale to strong. */
#define LIGHT_COLOURS                                                                                                  \
  "--paper:#ffffff;--panel:#f7f7f5;--ink:#1d2126;--soft:#59616b;--hair:#dcdfe3;--axis:#8d949c;--accent:#0b5c8f;"       \
  "--c0:#0072b2;--c1:#d55e00;--c2:#007f5f;--c3:#b0558a;--c4:#b87900;--c5:#2f93cc;--c6:#5b5fc7;--c7:#6f7680;"           \
  "--h0:#eef1f4;--h1:#d3e3f0;--h2:#a3c8e4;--h3:#5f9fce;--h4:#23699f;--h5:#0c3f68;--hi:#1d2126;--lo:#ffffff;"           \
  "--l0:#dfe3e7;--l1:#8cc5e8;--l2:#f2b562;--lt:#1d2126;--cross:#c0182b;"
#define DARK_COLOURS                                                                                                   \
  "--paper:#14171b;--panel:#1c2025;--ink:#e9ebee;--soft:#a7afb8;--hair:#33393f;--axis:#79818a;--accent:#79c1f0;"       \
  "--c0:#4fb0ec;--c1:#ff8b47;--c2:#37c99c;--c3:#e397c1;--c4:#efc04a;--c5:#8fd3ff;--c6:#a5a8ff;--c7:#a3abb5;"           \
  "--h0:#242a30;--h1:#1f3e56;--h2:#27618c;--h3:#3f8cc4;--h4:#83bfe8;--h5:#d3ebfb;--hi:#e9ebee;--lo:#10161c;"           \
  "--l0:#4a525b;--l1:#2f86bd;--l2:#c07f1f;--lt:#ffffff;--cross:#ff6b78;"

const char *const wlaw_report_style[] = {
    ":root{color-scheme:light dark;" LIGHT_COLOURS
    "}\n"
    "@media (prefers-color-scheme:dark){:root{" DARK_COLOURS
    "}}\n"
    "@media print{:root{color-scheme:light;" LIGHT_COLOURS "}}\n",

    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n"
    "body{margin:0 auto;padding:2rem 1.5rem 3rem;max-width:74rem;background:var(--paper);color:var(--ink);"
    "font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif}\n"
    "header{border-bottom:2px solid var(--ink);margin-bottom:1.6rem;padding-bottom:.7rem}\n"
    "h1{font-size:1.9rem;line-height:1.2;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}\n"
    "h2{font-size:1.35rem;line-height:1.25;margin:2.6rem 0 .3rem;padding-top:.5rem;border-top:1px solid var(--hair)}\n"
    "section:first-of-type h2{border-top:0;margin-top:0}\n"
    "h3{font-size:1.06rem;margin:1.7rem 0 .4rem;overflow-wrap:anywhere}\n"
    "h4{font-size:.92rem;line-height:1.3;margin:0 0 .35rem;overflow-wrap:anywhere}\n"
    "p{margin:.4rem 0;max-width:46rem;overflow-wrap:anywhere}\n"
    ".subtitle{color:var(--soft);margin:.3rem 0 0}\n"
    ".intro{color:var(--soft)}\n"
    ".small{font-size:.85rem;color:var(--soft)}\n"
    ".date:empty{display:none}\n"
    "a{color:var(--accent)}\n"
    "nav{font-size:.9rem;margin:0 0 1.4rem;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem}\n"
    "ol.story{margin:.5rem 0;padding-left:1.5rem;max-width:52rem}\n"
    "ol.story li{margin:.42rem 0;padding-left:.25rem}\n"
    "ol.story li::marker{color:var(--soft);font-variant-numeric:tabular-nums}\n"
    "ul.notes{margin:.5rem 0;padding-left:1.2rem;max-width:52rem}\n"
    "ul.notes li{margin:.4rem 0}\n"
    "footer{margin-top:3rem;border-top:1px solid var(--hair);padding-top:.6rem}\n",

    ".grid2,.grid3,.grid4{display:grid;gap:1rem;align-items:stretch;margin:.8rem 0}\n"
    ".grid2{grid-template-columns:repeat(auto-fit,minmax(min(100%,29rem),1fr))}\n"
    ".one>figure{max-width:36rem}\n"
    ".grid3{grid-template-columns:repeat(auto-fill,minmax(min(100%,20.5rem),1fr))}\n"
    ".grid4{grid-template-columns:repeat(auto-fill,minmax(min(100%,15.5rem),1fr))}\n"
    "figure{margin:0;padding:.8rem .9rem .7rem;background:var(--panel);border:1px solid var(--hair);"
    "border-radius:6px;min-width:0;break-inside:avoid}\n"
    "figure.wide{margin:.8rem 0}\n"
    "figure .grid3{margin:0}\n"
    "figure.wide>.scroll>svg{min-width:44rem}\n"
    "figcaption{font-size:.84rem;line-height:1.45;color:var(--soft);margin-top:.3rem;overflow-wrap:anywhere}\n"
    ".scroll{overflow-x:auto}\n"
    "svg{display:block;width:100%;height:auto;font-family:inherit;overflow:visible}\n"
    "details{margin-top:.45rem;font-size:.84rem}\n"
    "summary{cursor:pointer;color:var(--accent)}\n"
    "section>details{margin:.8rem 0}\n"
    ".facts{display:flex;gap:.8rem;align-items:center}\n"
    ".facts>svg{flex:none;width:7.5rem}\n"
    ".facts table{margin:0}\n"
    "table{border-collapse:collapse;margin:.45rem "
    "0;font-variant-numeric:tabular-nums;font-size:.82rem;line-height:1.4}\n"
    "th,td{text-align:right;padding:.18rem .7rem .18rem 0;border-bottom:1px solid var(--hair);white-space:nowrap}\n"
    "thead th{color:var(--soft);font-weight:600;vertical-align:bottom}\n"
    "th[scope=row],thead "
    "th:first-child{text-align:left;font-weight:600;position:sticky;left:0;background:var(--panel)}\n"
    "section>details th[scope=row],section>details thead th:first-child,table.settings th{background:var(--paper)}\n"
    "table.settings td{text-align:left;white-space:normal;overflow-wrap:anywhere}\n"
    ".key{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1rem;margin:.3rem 0;padding:0;font-size:.84rem}\n"
    ".key li{display:flex;align-items:center;gap:.4rem}\n"
    ".swatch{width:.85rem;height:.85rem;flex:none}\n",

    "svg text{font-size:12px;fill:var(--ink)}\n"
    "svg .tick{fill:var(--soft);font-size:11.5px;font-variant-numeric:tabular-nums}\n"
    "svg .label{fill:var(--soft)}\n"
    "svg .note{fill:var(--soft);font-size:11px}\n"
    "svg .faint{fill:var(--soft)}\n"
    "svg .in{font-size:11px;fill:inherit;font-variant-numeric:tabular-nums}\n"
    ".grid{stroke:var(--hair);stroke-width:1;fill:none}\n"
    ".axis{stroke:var(--axis);stroke-width:1;fill:none}\n"
    ".leader{stroke:var(--axis);stroke-width:.7;fill:none}\n"
    ".line{fill:none;stroke:currentColor;stroke-width:1.9;stroke-linejoin:round;stroke-linecap:round}\n"
    ".line.dashed{stroke-width:1.3;stroke-dasharray:2 4}\n"
    ".line.curve{stroke:var(--ink);stroke-width:1.6}\n"
    ".bar{fill:none;stroke:currentColor;stroke-width:1.2}\n"
    ".dot{fill:var(--panel);stroke:currentColor;stroke-width:1.4;stroke-linejoin:round}\n"
    ".band{fill:currentColor;fill-opacity:.16;stroke:none}\n"
    ".band.strong{fill-opacity:.3}\n"
    ".fill,.fill .back{fill:currentColor;fill-opacity:.78;stroke:none}\n"
    ".fill.weak{fill-opacity:.22}\n"
    ".fill.cloud{fill-opacity:.34}\n"
    ".cross{fill:none;stroke:var(--cross);stroke-width:1.7;stroke-linecap:round}\n"
    ".graph{width:5.625rem;flex:none}\n"
    ".edge{fill:none;stroke:var(--soft);stroke-width:1.4;stroke-linecap:round}\n"
    ".head{fill:var(--accent)}\n"
    ".node{fill:var(--ink)}.node.hollow{fill:var(--panel);stroke:var(--ink);stroke-width:1.4}\n"
    "svg .name{font-weight:500}\n"
    ".c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}\n"
    ".c4{color:var(--c4)}.c5{color:var(--c5)}.c6{color:var(--c6)}.c7{color:var(--c7)}\n"
    "svg text.c0,svg text.c1,svg text.c2,svg text.c3,svg text.c4,svg text.c5,svg text.c6,svg text.c7"
    "{fill:currentColor}\n",

    ".cell.h0 .back,.h0 .back{fill:var(--h0)}.h1 .back{fill:var(--h1)}.h2 .back{fill:var(--h2)}\n"
    ".h3 .back{fill:var(--h3)}.h4 .back{fill:var(--h4)}.h5 .back{fill:var(--h5)}\n"
    "svg .h0 .in,svg .h1 .in,svg .h2 .in{fill:var(--hi)}\n"
    "svg .h3 .in,svg .h4 .in,svg .h5 .in{fill:var(--lo)}\n"
    ".l0 .back{fill:var(--l0)}.l1 .back{fill:var(--l1)}.l2 .back{fill:var(--l2)}\n"
    "svg .l0 .in,svg .l1 .in,svg .l2 .in{fill:var(--lt)}\n"
    ".none .back{fill:none;stroke:var(--hair)}\n",

    "@media (max-width:40rem){body{padding:1.2rem .8rem 2rem}h1{font-size:1.5rem}figure{padding:.6rem .55rem}"
    ".grid2 svg text{font-size:13.5px}.grid2 svg .tick{font-size:13px}}\n"
    "@media print{html{font-size:12px}body{max-width:none;padding:0}nav,details:not([open]){display:none}"
    ".grid3{grid-template-columns:repeat(3,1fr)}.grid2{grid-template-columns:repeat(2,1fr)}"
    "figure.wide>.scroll>svg{min-width:0}h2,h3,.intro{break-after:avoid}}\n",
    NULL,
};
