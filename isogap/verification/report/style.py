"""Style sheet and palette of the report."""

# Okabe and Ito's palette, that of the figures: distinguishable with every kind of colour vision.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, GREY, BLACK = "#CC79A7", "#56B4E9", "#777777", "#000000"

STYLE = """
:root{--ink:#1b1b1b;--soft:#555b62;--line:#d9dce0;--paper:#fff;--shade:#f5f6f8;--link:#00558a;--edge:#8a939d;
 --machine:#00694d;--hand:#0072b2;--certified:#3f5468;--consistent:#8a5a00;--refuted:#8f3f6c;--bad:#b04a00;--note:#faf2f7;--on:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e8e8e8;--soft:#a9b0b8;--line:#3d4248;--paper:#131416;--shade:#1e2124;
 --link:#79b8e8;--edge:#7d8791;--machine:#2fc79a;--hand:#56b4e9;--certified:#b9c4cf;--consistent:#e6a93a;--refuted:#dc9cc0;--bad:#f0883e;--note:#2a1f27;
 --on:#131416}
 figure img{filter:invert(.92) hue-rotate(180deg)}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 Georgia,'Times New Roman',serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.8rem;line-height:1.2;margin:.5rem 0 1rem}
h2{font-size:1.35rem;margin:2.6rem 0 .8rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
h3{font-size:1.1rem;margin:0 0 .4rem}
h3 small{font-weight:normal;color:var(--soft);font-size:.95rem;margin:0 .4rem}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
.lead{font-size:1.05rem}
.status{padding:.6rem .9rem;border-left:4px solid var(--machine);background:var(--shade)}
.status.bad{border-color:var(--bad)}
section{padding:1.1rem 0;border-bottom:1px solid var(--line);scroll-margin-top:.5rem}
.scroll{overflow-x:auto;max-width:100%;-webkit-overflow-scrolling:touch}
.formula{background:var(--shade);padding:.7rem .8rem;margin:.3rem 0}
.formula{text-align:center;line-height:2.2}.formula math{font-size:1.08rem}.formula span{font-size:1.02rem}
.formula .claim{display:inline-block;max-width:100%}
.corrected{border-left:3px solid var(--machine)}
.hypotheses,.caption,.detail,.count{color:var(--soft)}
.hypotheses{margin:.2rem 0 .5rem;font-size:.94rem}
.caption{margin:.9rem 0 .2rem;font-size:.94rem}
.detail,.count{font-size:.86rem;overflow-wrap:anywhere}
.count{white-space:nowrap;margin-left:.4rem}
.kind{display:inline-block;font:600 .76rem/1.5 system-ui,sans-serif;padding:.05rem .5rem;border-radius:.7rem;
 vertical-align:middle;white-space:nowrap;color:var(--on);background:var(--soft)}
.machine_decided{background:var(--machine);fill:var(--machine)}.reduced_by_hand{background:var(--hand);fill:var(--hand)}
.certified{background:var(--certified);fill:var(--certified)}.consistent{background:var(--consistent);fill:var(--consistent)}
.refuted{background:var(--refuted);fill:var(--refuted)}.kind.bad,.swatch.bad{background:var(--bad)}.node.bad{fill:var(--bad)}
.missing{background:var(--soft);fill:var(--soft)}
b.bad,p.bad{color:var(--bad)}
ul.key{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:.3rem 0 .6rem;font-size:.92rem}
.swatch{display:inline-block;width:1rem;height:.8rem;border-radius:.2rem;margin-right:.35rem;vertical-align:-.05rem}
.terms{font-size:.92rem;color:var(--soft)}.terms b{color:var(--ink)}
dl.origin{background:var(--shade);padding:.6rem .9rem}
dl.legend{display:grid;grid-template-columns:max-content 1fr;gap:.3rem .8rem;margin:1rem 0;font-size:.95rem}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .9rem;margin:.5rem 0;font-size:.92rem}
dl.legend dd,dl.facts dd,.witness dd{margin:0;overflow-wrap:anywhere}
dl.facts dt{color:var(--soft)}
.witness{background:var(--note);padding:.6rem .8rem;margin:.6rem 0;font-size:.94rem}
.witness dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.3rem 0 0}
code{font:.85em/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
details{margin:.3rem 0}
summary{cursor:pointer;color:var(--link);font-size:.94rem}
ul.steps{margin:.3rem 0 .5rem;padding-left:1.2rem;font-size:.9rem}
ul.steps b{font:600 .76rem system-ui,sans-serif;color:var(--soft);margin-right:.3rem}
math{font-family:math,'STIX Two Math','Cambria Math','Latin Modern Math',serif}
.scroll td{white-space:nowrap}.scroll th{min-width:3.2rem}
sub{font-size:.75em;line-height:0}
table{border-collapse:collapse;font-size:.88rem;margin:.2rem 0 .6rem}
th,td{text-align:left;padding:.2rem .7rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td{font-variant-numeric:tabular-nums}
.summary{width:100%}.num{text-align:right}
figure{margin:.8rem 0}
figure img{width:100%;max-width:38rem;height:auto}
svg.graph{display:block;width:100%;height:auto}
.edge{fill:none;stroke:var(--edge);stroke-width:1.3}.tip{fill:var(--edge)}
a:hover .node,a:focus .node{stroke:var(--ink);stroke-width:2}
.graph text{fill:var(--on);font:600 12.5px system-ui,sans-serif;text-anchor:middle}
footer{margin-top:3rem;color:var(--soft);font-size:.88rem}
@media (max-width:40rem){body{font-size:15px}.wide{display:none}h1{font-size:1.45rem}main{padding:1rem .8rem 3rem}
 h3 small{display:block;margin:.1rem 0}dl.facts,dl.legend,.witness dl{grid-template-columns:1fr}
 dl.facts dd,.witness dd{margin-bottom:.3rem}}
h1,h2,h3{break-after:avoid}
@page{margin:1.6cm}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--shade:#f5f6f8;--link:#000;--edge:#777;
 --machine:#00694d;--hand:#0072b2;--certified:#3f5468;--consistent:#8a5a00;--refuted:#8f3f6c;--bad:#b04a00;--note:#faf2f7;--on:#fff}
 body{font-size:10.5pt}main{max-width:none;padding:0}.scroll{overflow:visible}.kind,.swatch,.node{print-color-adjust:exact}
 svg.graph{min-width:0!important;max-height:19cm}.key,.terms{break-after:avoid}h2+p{break-after:avoid}
 figure img{filter:none;max-width:12cm}
 .summary{font-size:8.5pt}.summary td:nth-child(2){width:36%}.summary td:first-child{white-space:nowrap}
 .summary .kind{font-size:.58rem}
 h3,.formula,.hypotheses,summary,.caption{break-after:avoid}.formula,dl.facts,figure,tr,.witness,li{break-inside:avoid}
 .scroll td{white-space:normal}
 details::details-content{content-visibility:visible;block-size:auto}summary{list-style:none}}
"""
