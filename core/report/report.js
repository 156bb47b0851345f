"use strict";
// Tables are sorted by the column that is clicked.
document.querySelectorAll("th").forEach(h=>h.addEventListener("click",()=>{const t=h.closest("table"),i=[...h.parentNode.children].indexOf(h),b=t.tBodies[0],d=h.dataset.d=h.dataset.d==="1"?"-1":"1";
const v=r=>{const c=r.children[i],s=c.dataset.v??c.textContent,n=parseFloat(s);return isNaN(n)?s:n};
[...b.rows].sort((x,y)=>{const a=v(x),c=v(y);return (a<c?-1:a>c?1:0)*d}).forEach(r=>b.append(r))}));
const digits=v=>String(Number(v.toPrecision(4)));
const span=s=>s>=1||s===0?digits(s)+" s":s>=1e-3?digits(s*1e3)+" ms":digits(s*1e6)+" us";
// Charts show their values where the pointer is, or where the arrow keys have led to.
document.querySelectorAll("figure.plot").forEach(f=>{
 const p=JSON.parse(f.dataset.plot),svg=f.querySelector("svg"),line=f.querySelector(".cursor"),out=f.querySelector("output"),n=p.values[0].length;let at=-1;
 const show=i=>{at=Math.max(0,Math.min(n-1,i));const x=p.steps?(p.at[at]+p.at[at+1])/2:p.at[at];line.removeAttribute("hidden");line.setAttribute("x1",x);line.setAttribute("x2",x);
  const w=v=>p.xunit==="s"?span(v):digits(v)+" "+p.xunit;
  out.textContent=p.labels?"up to "+p.labels[at]:p.steps?w(p.x[at])+" to "+w(p.x[at+1]):w(p.x[at]);
  f.querySelectorAll("b").forEach((b,k)=>{b.textContent=" "+digits(p.values[k][at])})};
 const hide=()=>{at=-1;line.setAttribute("hidden","hidden");out.textContent="";f.querySelectorAll("b").forEach(b=>{b.textContent=""})};
 svg.addEventListener("pointermove",e=>{const r=svg.getBoundingClientRect(),x=(e.clientX-r.left)*svg.viewBox.baseVal.width/r.width;let i=0;while(i<n-1&&(p.steps?p.at[i+1]:(p.at[i]+p.at[i+1])/2)<x)i++;show(i)});
 svg.addEventListener("pointerleave",hide);f.addEventListener("blur",hide);
 f.addEventListener("keydown",e=>{const d={ArrowLeft:-1,ArrowRight:1,PageUp:-10,PageDown:10}[e.key];
  if(e.key==="Home")show(0);else if(e.key==="End")show(n-1);else if(d)show(at<0?0:at+d);else return;e.preventDefault()})});
// The heat map.
document.querySelectorAll("figure.heat").forEach(f=>{
 const h=JSON.parse(f.dataset.heat),c=f.querySelector("canvas"),out=f.querySelector("output"),cells=Uint8Array.from(atob(h.cells),x=>x.charCodeAt(0)),rows=h.names.length;
 const row=rows>30?11:16,bottom=20;let left=0,width=0,at=null;
 const dark=matchMedia("(prefers-color-scheme:dark)");
 const ramp=()=>dark.matches?[[22,27,34],[13,58,105],[31,111,235],[121,192,255],[223,240,255]]:[[246,248,250],[198,219,239],[107,174,214],[33,113,181],[8,48,107]];
 const color=v=>{if(v>=252)return dark.matches?"#f85149":"#d1242f";const r=ramp(),x=v/255*(r.length-1),i=Math.min(r.length-2,Math.floor(x)),t=x-i;return`rgb(${r[i].map((a,k)=>Math.round(a+(r[i+1][k]-a)*t))})`};
 const draw=()=>{const d=devicePixelRatio||1,w=f.clientWidth;if(!w)return;c.style.height=rows*row+bottom+"px";c.width=w*d;c.height=(rows*row+bottom)*d;
  const g=c.getContext("2d"),s=getComputedStyle(f);g.scale(d,d);g.font=(row>12?11:9.5)+"px system-ui,sans-serif";g.textBaseline="middle";
  left=Math.min(w*.35,Math.max(...h.names.map(n=>g.measureText(n).width))+8);width=w-left;
  for(let r=0;r<rows;r++){g.fillStyle=s.getPropertyValue("--soft");g.fillText(h.names[r],0,r*row+row/2,left-6);
   for(let k=0;k<h.cols;k++){g.fillStyle=color(cells[r*h.cols+k]);const x=Math.floor(left+width*k/h.cols);g.fillRect(x,r*row,Math.ceil(left+width*(k+1)/h.cols)-x,row-1)}}
  g.fillStyle=s.getPropertyValue("--soft");const end=h.cols*h.step,p=10**Math.floor(Math.log10(end/7)),step=[1,2,2.5,5,10].map(m=>m*p).find(m=>m>=end/7*(1-1e-9));
  for(let i=0;i*step<=end*(1+1e-9);i++){const x=left+width*i*step/end;g.textAlign=i===0?"left":x>left+width-20?"right":"center";g.fillText(digits(i*step)+" s",x,rows*row+bottom/2)}
  g.textAlign="left";
  if(at){g.strokeStyle=s.getPropertyValue("--text");g.lineWidth=1.5;g.strokeRect(left+width*at[1]/h.cols-1,at[0]*row-1,Math.max(width/h.cols,3)+2,row+1)}};
 const show=(r,k)=>{at=[Math.max(0,Math.min(rows-1,r)),Math.max(0,Math.min(h.cols-1,k))];
  out.textContent=`${h.names[at[0]]}, ${span(at[1]*h.step)} to ${span((at[1]+1)*h.step)}: ${digits(cells[at[0]*h.cols+at[1]]/2.55)} % full`;draw()};
 const hide=()=>{at=null;out.textContent="";draw()};
 c.addEventListener("pointermove",e=>{const b=c.getBoundingClientRect(),r=Math.floor((e.clientY-b.top)/row),k=Math.floor((e.clientX-b.left-left)/width*h.cols);if(r<rows&&k>=0)show(r,k);else hide()});
 c.addEventListener("pointerleave",hide);f.addEventListener("blur",hide);
 f.addEventListener("keydown",e=>{const d={ArrowLeft:[0,-1],ArrowRight:[0,1],ArrowUp:[-1,0],ArrowDown:[1,0]}[e.key];if(!d)return;e.preventDefault();at?show(at[0]+d[0],at[1]+d[1]):show(0,0)});
 f.querySelectorAll("i[data-v]").forEach(i=>{i.style.background=color(+i.dataset.v)});
 dark.addEventListener("change",()=>{draw();f.querySelectorAll("i[data-v]").forEach(i=>{i.style.background=color(+i.dataset.v)})});
 addEventListener("resize",draw);draw()});
