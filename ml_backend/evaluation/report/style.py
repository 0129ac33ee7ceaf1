"""How the report looks, in light and in dark."""

STYLE = """
:root{color-scheme:light dark;--page:#fafaf8;--card:#fff;--text:#1d1f22;--faint:#5c6168;--rule:#dcdcd6;
--swap:#b3400f;--plate:#2f6690;--truth:#4d7c2a;--alarm:#a3212b;--alarm-page:#fbeceb}
@media (prefers-color-scheme:dark){:root{--page:#191b1e;--card:#222529;--text:#e6e6e3;--faint:#a3a8af;--rule:#3a3e44;
--swap:#ff9a5c;--plate:#7db8e8;--truth:#a5d078;--alarm:#ff8f8f;--alarm-page:#3a2424}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1100px;padding:24px 20px 60px;background:var(--page);color:var(--text);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:19px;margin:40px 0 8px}
h3{font-size:15px;margin:0}
p{margin:6px 0;max-width:75ch}
.faint,figcaption,.meaning{color:var(--faint)}
.facts{color:var(--faint);margin:0 0 16px;overflow-wrap:anywhere}
.verdict{font-size:17px;margin:14px 0}
.remarks{padding-left:20px;margin:6px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(112px,1fr));gap:10px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:10px 12px}
.tile b{display:block;font-size:22px;font-variant-numeric:tabular-nums;line-height:1.3}
.tile span{color:var(--faint);font-size:13px}
.look,.plot{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:12px 14px;margin:12px 0}
.look:target{outline:3px solid var(--swap)}
.look.bad{border-left:5px solid var(--alarm)}
.look ul{margin:2px 0 8px;padding-left:20px}
.more{columns:2;column-gap:30px;padding-left:20px;font-size:14px}
.more li{break-inside:avoid}
.strip{display:grid;grid-template-columns:repeat(4,minmax(0,224px));gap:8px}
figure{margin:0}
figure img{display:block;width:100%;height:auto;border-radius:3px}
figcaption{font-size:13px}
.spread{display:grid;grid-template-columns:repeat(auto-fill,minmax(470px,1fr));gap:12px}
.spread .look{margin:0}
.plot svg{display:block;width:100%;height:auto;margin-top:6px}
.plot .meaning{margin:2px 0 0;font-size:13.5px}
.legend{font-size:13px;float:right}
.legend i{display:inline-block;width:26px;height:0;border-top:3px solid;margin:0 5px 4px 14px}
i.swap,i.other{border-color:var(--swap)}
i.plate{border-color:var(--plate);border-top-style:dashed}
i.truth{border-color:var(--truth);border-top-style:dotted}
i.other{border-color:var(--plate);border-top-style:dashed}
svg text{font:12px system-ui,sans-serif;fill:var(--faint)}
.grid{stroke:var(--rule)}
.level{stroke:var(--faint);stroke-dasharray:2 4}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.line.swap{stroke:var(--swap)}
.line.plate,.line.other{stroke:var(--plate);stroke-dasharray:6 4}
.line.truth{stroke:var(--truth);stroke-dasharray:2 3}
svg .name{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.hover{fill:transparent}
.hover:hover{fill:var(--faint);fill-opacity:.18}
.dot{fill:var(--alarm);stroke:var(--card);stroke-width:1.5}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
a{color:var(--plate)}
@media (max-width:560px){.more{columns:2;column-gap:30px;padding-left:20px;font-size:14px}
.more li{break-inside:avoid}
.strip{grid-template-columns:repeat(2,1fr)}.spread{grid-template-columns:1fr}
.legend{float:none}td.meaning,th.meaning{display:none}}
@media print{.look,.plot{break-inside:avoid}}
"""
