"""The style sheet of the report: one column, system fonts, light and dark, phone and paper.

Colours of sources follow Okabe and Ito 2008, "Color Universal Design", shifted so that each stands at least 3 to 1 from
the background; text reaches 4.5 to 1 (WCAG 2.1, level AA). Nothing is told by colour alone.
"""

CSS = """
:root{color-scheme:light dark;--bg:#fcfbf9;--card:#fff;--ink:#1c2126;--soft:#59626b;--line:#dfdcd6;--wash:#f3f1ec;
--accent:#1d5f8a;--good:#1a7f4b;--bad:#b42318;--open:#8a5a00;--grid:#e9e6e0;--track:#ebe8e2;
--s0:#0072b2;--s1:#c25e00;--s2:#00835f;--s3:#a8457f;--s4:#8a6d00;--s5:#2f93c8;--s6:#6a5acd;--s7:#6b737b;
--human:#1d6fa5;--rule:#a87900;--model:#a8457f;--aux:#6b737b;--kept:#7c95a8;--removed:#c2410c}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1b1f23;--ink:#e8e6e1;--soft:#a2abb3;--line:#343a40;
--wash:#20252a;--accent:#7cc0ea;--good:#5bc98c;--bad:#ff8a7a;--open:#e5b454;--grid:#2a3036;--track:#2a3036;
--s0:#56a9e0;--s1:#ec9a4c;--s2:#3fbf98;--s3:#dc8cbd;--s4:#d3b545;--s5:#8fd0f2;--s6:#a79cf0;--s7:#9aa3ab;
--human:#56a9e0;--rule:#d3b545;--model:#dc8cbd;--aux:#9aa3ab;--kept:#718a9d;--removed:#f08a52}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue","Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main,header,footer{max-width:58rem;margin:0 auto;padding:0 1.25rem}
h1,h2,h3{font-family:Charter,"Iowan Old Style","Source Serif 4",Georgia,"Noto Serif","DejaVu Serif",serif;
line-height:1.2;text-wrap:balance}
h1{font-size:clamp(1.7rem,5vw,2.4rem);font-weight:600;margin:.2rem 0 .4rem;letter-spacing:-.01em}
h2{font-size:.8rem;font-family:inherit;font-weight:600;letter-spacing:.09em;text-transform:uppercase;
color:var(--soft);margin:0 0 .5rem}
h3{font-size:1.05rem;font-weight:600;margin:1.9rem 0 .6rem}
p{margin:.5rem 0}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.15em}
header{padding-top:2.6rem}
.kicker{color:var(--soft);margin:0;font-size:.9rem}
.facts{color:var(--soft);margin:.2rem 0 0;font-size:.9rem}
nav{border-block:1px solid var(--line);margin-top:1.8rem;padding:.6rem 0}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;margin:0;padding:0;font-size:.88rem}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
section{padding:2.6rem 0 .6rem;border-bottom:1px solid var(--line)}
section:last-child{border:0}
.finding{font-family:Charter,"Iowan Old Style","Source Serif 4",Georgia,"Noto Serif","DejaVu Serif",serif;
font-size:clamp(1.2rem,3.2vw,1.5rem);line-height:1.35;margin:0 0 1.2rem;max-width:46rem;text-wrap:pretty}
.note,figcaption{color:var(--soft);font-size:.86rem;line-height:1.5;max-width:46rem}
code{font:.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.verdict{display:flex;gap:.9rem;align-items:center;margin:1.6rem 0 .2rem;padding:1rem 1.15rem;border-radius:10px;
background:var(--card);border:1px solid var(--line);border-left:6px solid var(--tone)}
.verdict strong{display:block;font-size:1.2rem;color:var(--tone);line-height:1.25}
.verdict p{margin:.2rem 0 0}
.verdict svg{flex:none;width:2.3rem;height:2.3rem}
.holds{--tone:var(--good)}.broken{--tone:var(--bad)}.unknown{--tone:var(--open)}.not_checked{--tone:var(--soft)}
.cards{display:grid;gap:.8rem;margin:.8rem 0;grid-template-columns:minmax(0,1fr)}
.pair.loose{margin:.6rem 0 1.2rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.85rem 1rem;min-width:0}
.rule{border-left:4px solid var(--tone)}
.card>p:first-child{margin-top:0}.card>:last-child{margin-bottom:0}
.rule-name{font-weight:600;margin:0 0 .2rem}
.amount{color:var(--tone);font-weight:600}
.status{display:inline-block;color:var(--tone);font-weight:600;font-size:.84rem;white-space:nowrap}
.readings{display:grid;gap:.7rem;
grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr));margin:.8rem 0 .2rem}
.reading{background:var(--wash);border-radius:6px;padding:.65rem .8rem;font-size:.92rem}
.reading p{margin:.25rem 0}
.chosen{outline:1.5px solid var(--accent)}
.scroll{overflow-x:auto;margin:.8rem 0 1.1rem;border:1px solid var(--line);border-radius:8px;max-width:100%;background:
linear-gradient(to right,var(--card) 35%,transparent) left/2.4rem 100% no-repeat local,
linear-gradient(to left,var(--card) 35%,transparent) right/2.4rem 100% no-repeat local,
linear-gradient(to right,rgb(0 0 0/.2),transparent) left/.6rem 100% no-repeat scroll,
linear-gradient(to left,rgb(0 0 0/.2),transparent) right/.6rem 100% no-repeat scroll,var(--card)}
.scroll:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.89rem;overflow-wrap:normal}
th,td{text-align:left;padding:.42rem .8rem;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{font-weight:600;color:var(--soft);font-size:.8rem;white-space:nowrap;background:var(--wash)}
tbody tr:last-child td{border-bottom:0}

.one-line,.number{white-space:nowrap}
.number{text-align:right;white-space:nowrap}
td .bar{min-width:7rem;margin-top:.3rem}
.bar{display:block;width:100%;height:.85rem;background:var(--track);border-radius:3px;overflow:hidden}
.bar.tall,.tall .bar{height:1.9rem;border-radius:5px}
.mark{stroke:var(--ink);stroke-width:3}
.scale{display:flex;justify-content:space-between;color:var(--soft);font-size:.84rem;margin-top:.3rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;list-style:none;margin:.7rem 0;padding:0;font-size:.88rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.key{width:.8rem;height:.8rem;border-radius:2px;flex:none}
.flow{margin:1rem 0;display:grid;gap:.15rem}
.flow-row{display:grid;grid-template-columns:13rem 1fr 8.5rem;gap:.15rem .9rem;align-items:center;padding:.28rem 0}
.flow-row .bar{background:none;height:1.15rem}
.flow-row .what{font-size:.92rem;min-width:0}
.flow-row .what small{color:var(--soft);display:block;line-height:1.2}
.flow-row .sum{text-align:right;font-size:.92rem}
.flow-row .sum small{display:block;color:var(--removed);line-height:1.2}
.flow-row.quiet .what,.flow-row.quiet .sum{color:var(--soft)}
.grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(19rem,100%),1fr));margin:1rem 0}
figure{margin:0;min-width:0}
figure.boxed{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.85rem 1rem}
figure.wide{margin:1rem 0}
.figure-title{font-weight:600;margin:0 0 .5rem;line-height:1.35}
figcaption{margin-top:.5rem}
.chart{display:block;width:100%;max-width:30rem;height:auto}
.chart text{fill:var(--soft);font-size:11px;font-family:inherit}
.chart .strong{fill:var(--ink);font-weight:600}
.chart .over{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.chart .axis{stroke:var(--soft);stroke-width:1}
line.grid{stroke:var(--grid);stroke-width:1}
.threshold{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 3}
.line{fill:none!important;stroke-width:2;stroke-linejoin:round}
rect.s0{fill:var(--s0)}rect.s1{fill:var(--s1)}rect.s2{fill:var(--s2)}rect.s3{fill:var(--s3)}
rect.s4{fill:var(--s4)}rect.s5{fill:var(--s5)}rect.s6{fill:var(--s6)}rect.s7{fill:var(--s7)}
.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1)}.line.s2{stroke:var(--s2)}.line.s3{stroke:var(--s3)}
.line.s4{stroke:var(--s4)}.line.s5{stroke:var(--s5)}.line.s6{stroke:var(--s6)}.line.s7{stroke:var(--s7)}
.human{fill:var(--human)}.rule-made{fill:var(--rule)}.model{fill:var(--model)}.auxiliary{fill:var(--aux)}
.teacher{fill:var(--s6)}.unknown-size{fill:var(--aux);opacity:.45}.kept{fill:var(--kept)}.removed{fill:var(--removed)}.lost{fill:var(--removed);opacity:.35}
.a0{fill:#0b6e8f}.a1{fill:#2f93ad}.a2{fill:#7fbcc4}.a3{fill:#e0b872}.a4{fill:#d58a3c}.a5{fill:#a8501f}.a6{fill:var(--track)}
.pair{display:grid;gap:.7rem;grid-template-columns:repeat(auto-fit,minmax(min(17rem,100%),1fr))}
.stack{display:grid;gap:.6rem;align-content:start;min-width:0}
.stack>p{margin:0}
.sample{background:var(--wash);border-radius:6px;padding:.7rem .85rem;min-width:0;font-size:.92rem}
.sample .text{white-space:pre-wrap;margin:.25rem 0;max-height:15rem;overflow:auto}
.sample .meta{color:var(--soft);font-size:.82rem;margin:0}
mark{background:color-mix(in srgb,var(--open) 24%,transparent);color:inherit;border-radius:2px}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--accent);padding:.25rem 0}
dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.35rem 1.2rem;margin:.8rem 0}
dt{color:var(--soft)}dd{margin:0;min-width:0}
ul.plain{padding-left:1.1rem;margin:.4rem 0}
footer{color:var(--soft);font-size:.86rem;padding-bottom:3rem}
@media (max-width:40rem){
main,header,footer{padding:0 1rem}header{padding-top:1.6rem}section{padding-top:2rem}
nav ul{flex-wrap:nowrap;overflow-x:auto;white-space:nowrap}
.flow-row{grid-template-columns:1fr auto}.flow-row .bar{grid-column:1/-1;grid-row:2}
.flow-row .what small{display:inline;margin-left:.4rem}
td:not(.number){min-width:6.5rem}
dl{grid-template-columns:1fr;gap:.05rem}dd{margin-bottom:.6rem}
.verdict{align-items:flex-start}}
@media print{:root{color-scheme:light}body{font-size:10.5pt;background:#fff}nav,.key-only{display:none}
section{break-inside:auto;padding-top:1.2rem}.card,figure,tr,.flow-row,.sample{break-inside:avoid}
.scroll{overflow:visible}.sample .text{max-height:none}a{color:inherit;text-decoration:none}
svg,.card,.sample,.reading,thead th,mark{print-color-adjust:exact;-webkit-print-color-adjust:exact}
details::details-content{content-visibility:visible;block-size:auto}}
"""
