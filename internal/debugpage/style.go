package debugpage

// style is the whole look. Colours are variables, so that dark and light differ
// in one place only; code, and nothing else, is in a fixed width.
const style markup = `
:root{color-scheme:light dark;
--bg:#faf9f7;--panel:#fff;--ink:#211e1a;--soft:#68625a;--line:#e3ded6;--accent:#b23a0e;--tint:#fcefe8;--code:#f3f0eb;--hit:#ffe6d8;--focus:#1a5fb4;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;--mono:ui-monospace,"SF Mono","Cascadia Code",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media(prefers-color-scheme:dark){:root{
--bg:#171513;--panel:#1f1c19;--ink:#ece7df;--soft:#a8a095;--line:#39342e;--accent:#ff9466;--tint:#35211a;--code:#292521;--hit:#4a2a1b;--focus:#8ab8ff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 var(--sans);overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible,button:focus-visible,pre:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:3px}
code,pre,.fn{font-family:var(--mono);font-size:.875em}
.bar{border-bottom:1px solid var(--line);background:var(--panel)}
.bar>div,main,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
footer p{border-top:1px solid var(--line);padding:1rem 0 1.5rem;margin:0}
.bar>div{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1.5rem;padding-top:.7rem;padding-bottom:.7rem}
.brand{font-weight:650;letter-spacing:-.01em}
.brand small{font-weight:400;font-size:.875rem;color:var(--soft);margin-left:.4em}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem}
nav a{color:var(--soft);text-decoration:none}
nav a:hover{color:var(--ink);text-decoration:underline}
nav a[aria-current]{color:var(--ink);font-weight:600}
main{padding-top:2rem;padding-bottom:3rem}
footer{color:var(--soft);font-size:.875rem}
h1{font-size:1.75rem;line-height:1.25;letter-spacing:-.015em;margin:0 0 .75rem;font-weight:650;white-space:pre-wrap}
h1.long{font-size:1.125rem;line-height:1.45;letter-spacing:0;font-weight:550}
h1.fn{font-size:1.25rem;letter-spacing:0}
h2{font-size:1.125rem;line-height:1.3;margin:2.5rem 0 .75rem;font-weight:650}
h3{font-size:1rem;margin:1.5rem 0 .5rem;font-weight:650}
.panel .fn{font-weight:600;font-size:.9375rem;margin:0 0 .35rem}
p{margin:.5rem 0}
.soft{color:var(--soft)}
.small{font-size:.875rem}
.status{color:var(--accent);font-weight:650;margin:0 0 .25rem}
.facts{display:flex;flex-wrap:wrap;gap:.15rem 1.5rem;margin:0;padding:0;list-style:none;color:var(--soft)}
.facts code{color:var(--ink)}
.panel .facts{margin-bottom:.6rem}
.badge{display:inline-block;border:1px solid var(--line);border-radius:4px;padding:0 .4em;font-size:.8125rem;color:var(--soft);white-space:nowrap}
.badge.on{color:var(--accent);border-color:currentColor}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:1rem 1.15rem;margin:0 0 1rem}
.panel>:first-child{margin-top:0}
.panel>:last-child{margin-bottom:0}
p+.panel{margin-top:1.25rem}
.panel.bad{border-left:4px solid var(--accent)}
.causes{list-style:none;margin:0;padding:0;border-left:2px solid var(--line)}
.causes li{padding:.15rem 0 .6rem 1rem;position:relative}
.causes li:last-child{padding-bottom:.15rem}
.causes li::before{content:"";position:absolute;left:-5px;top:.7rem;width:8px;height:8px;border-radius:50%;background:var(--line)}
.causes li:first-child::before{background:var(--accent)}
.causes p{margin:0;white-space:pre-wrap}
.d1{margin-left:1.25rem}.d2{margin-left:2.5rem}.d3{margin-left:3.75rem}
details{border:1px solid var(--line);border-radius:8px;background:var(--panel);margin:0 0 .5rem}
summary{cursor:pointer;padding:.55rem .9rem;border-radius:8px}
summary:hover{background:var(--code)}
details[open]>summary{border-bottom:1px solid var(--line);border-radius:8px 8px 0 0}
details>.body{padding:.75rem .9rem}
.fn b{font-weight:650}
.at{color:var(--soft);display:block;font-size:.875rem;margin-left:1.15rem}
pre{margin:0;overflow:auto;tab-size:4;line-height:1.55}
pre.text{white-space:pre-wrap;background:var(--code);border-radius:6px;padding:.75rem .9rem;max-height:32rem}
pre.src{padding:.5rem 0;border-radius:0 0 8px 8px}
pre.src span{display:block;position:relative;min-width:max-content;padding:0 1rem 0 7ch}
pre.src span::before{content:attr(data-n);position:absolute;left:0;width:5ch;text-align:right;color:var(--soft);user-select:none}
pre.src .hit{background:var(--hit);box-shadow:inset 3px 0 var(--accent)}
table{width:100%;border-collapse:collapse;margin:0 0 .75rem}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding-bottom:.35rem}
th{font-size:.8125rem;font-weight:600;color:var(--soft);text-align:left;white-space:nowrap}
th,td{padding:.4rem 1rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:baseline}
tr:last-child>td{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.narrow{width:1%;white-space:nowrap}
.missing{color:var(--accent);font-weight:650}
td code{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:minmax(8rem,15rem) minmax(0,1fr);gap:.35rem 1.25rem;margin:0 0 .75rem}
dt{color:var(--soft)}
dd{margin:0;min-width:0}
.masked{color:var(--soft)}
.fixes{margin:.75rem 0 0;padding-left:1.15rem}
.fixes li{margin:.35rem 0}
.fixes pre{margin:.35rem 0;white-space:pre-wrap}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:0 0 1.5rem;padding:0;list-style:none}
.tiles li{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.65rem .9rem}
.tiles b{display:block;font-size:1.25rem;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.3}
.tiles span{color:var(--soft);font-size:.875rem}
.head{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:.25rem 1rem}
.tools{display:flex;gap:.75rem;align-items:baseline;font-size:.875rem}
button{font:inherit;color:var(--accent);background:none;border:1px solid var(--line);border-radius:6px;padding:.1rem .6rem;cursor:pointer}
.empty{color:var(--soft);border:1px dashed var(--line);border-radius:8px;padding:1.25rem;text-align:center}
.hide{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:46rem){
.bar>div,main,footer{padding-left:1rem;padding-right:1rem}
main{padding-top:1.25rem}
h1{font-size:1.375rem}
dl{grid-template-columns:minmax(0,1fr);gap:0}
dd{margin-bottom:.6rem}
.at{margin-left:0}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
table,tbody,tr,td{display:block;width:auto}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{border-bottom:1px solid var(--line);padding:.5rem 0}
tr:last-child{border-bottom:0}
td,.num,.narrow{border:0;width:auto;padding:.1rem 0;text-align:left;white-space:normal}
td.num{display:inline-block;margin-right:1.25rem}
td:empty{display:none}
td.narrow:first-child{float:left;margin-right:.7em}
td.narrow:first-child+td{display:flow-root}
td[data-l]::before{content:attr(data-l);color:var(--soft);font:.8125rem var(--sans);margin-right:.6em}}
@media print{.bar,.tools{display:none}}
`

// script keeps the part of a page that has the id live up to date, by asking
// for the page again. Without it the page can be loaded again by its link.
const script markup = `
(function(){
var box=document.getElementById('live'),b=document.getElementById('pause');
if(!box||!b)return;
var on=true;b.hidden=false;
b.addEventListener('click',function(){on=!on;b.textContent=on?'Pause':'Resume'});
setInterval(function(){
if(!on||document.hidden||box.contains(document.activeElement))return;
fetch(location.href,{headers:{Accept:'text/html'},cache:'no-store'}).then(function(r){return r.ok?r.text():Promise.reject()}).then(function(t){
var n=new DOMParser().parseFromString(t,'text/html').getElementById('live');
if(n&&on){box.replaceWith(n);box=n}
}).catch(function(){on=false;b.textContent='Resume'});
},2000);
})();
`
