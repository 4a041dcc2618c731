import { useId } from "react";
import type { Motif, Title } from "@/lib/streaming/data";
import { cn } from "@/lib/utils";

const shapes: Record<Motif, (light: string, mid: string) => React.ReactNode> = {
  peaks: (light, mid) => (
    <>
      <circle cx="300" cy="62" r="26" fill={light} />
      <path d="M0 225 90 110l60 62 70-104 180 157z" fill={mid} opacity=".75" />
      <path d="m220 68 34 52-20-6-14 14-18-12-10 4z" fill={light} opacity=".85" />
      <path d="M0 225 70 165l70 40 90-62 170 82z" fill="#000" opacity=".45" />
    </>
  ),
  city: (light, mid) => (
    <>
      <circle cx="90" cy="70" r="34" fill={light} opacity=".9" />
      {[20, 62, 110, 150, 205, 250, 300, 345].map((x, n) => (
        <g key={x}>
          <rect x={x} y={225 - (60 + ((n * 47) % 95))} width="36" height="160" fill={n % 2 ? mid : "#000"} opacity=".72" />
          {[0, 1, 2].map((w) => (
            <rect key={w} x={x + 8 + w * 8} y={225 - (50 + ((n * 47) % 95)) + w * 16} width="4" height="7" fill={light} />
          ))}
        </g>
      ))}
    </>
  ),
  waves: (light, mid) => (
    <>
      <circle cx="200" cy="100" r="46" fill={light} opacity=".92" />
      {[0, 1, 2, 3].map((n) => (
        <path
          key={n}
          d={`M-20 ${128 + n * 25}q52-${20 - n * 2} 105 0t105 0 105 0 145 0V240H-20z`}
          fill={n % 2 ? "#000" : mid}
          opacity={0.45 + n * 0.1}
        />
      ))}
    </>
  ),
  orbit: (light, mid) => (
    <>
      {[24, 70, 130, 188, 260, 322, 372].map((x, n) => (
        <circle key={x} cx={x} cy={20 + ((n * 61) % 150)} r={1 + (n % 3) * 0.6} fill="#fff" opacity=".8" />
      ))}
      <circle cx="250" cy="112" r="62" fill={mid} />
      <path d="M250 50a62 62 0 0 1 0 124 84 84 0 0 0 0-124" fill="#000" opacity=".35" />
      <ellipse cx="250" cy="112" rx="118" ry="22" fill="none" stroke={light} strokeWidth="4" transform="rotate(-16 250 112)" />
      <circle cx="112" cy="66" r="12" fill={light} />
    </>
  ),
  forest: (light, mid) => (
    <>
      <circle cx="270" cy="74" r="30" fill={light} opacity=".9" />
      {[-10, 38, 84, 130, 178, 226, 270, 318, 362].map((x, n) => (
        <path
          key={x}
          d={`M${x} 225 ${x + 28} ${90 + ((n * 37) % 60)} ${x + 56} 225z`}
          fill={n % 2 ? "#000" : mid}
          opacity={n % 2 ? 0.55 : 0.8}
        />
      ))}
    </>
  ),
  dunes: (light, mid) => (
    <>
      <circle cx="130" cy="84" r="38" fill={light} />
      <path d="M0 150q110-60 210 0t190-20v100H0z" fill={mid} opacity=".8" />
      <path d="M0 190q90-50 190-10t210-20v70H0z" fill="#000" opacity=".4" />
    </>
  ),
};

/** A title's picture, drawn from its colours: no image is loaded. */
export function Poster({ title, className }: { title: Title; className?: string }) {
  const id = useId();
  const [dark, mid, light] = title.colors;
  return (
    <svg viewBox="0 0 400 225" preserveAspectRatio="xMidYMid slice" className={cn("size-full", className)} aria-hidden="true">
      <defs>
        <linearGradient id={id} x1="0" y1="0" x2=".4" y2="1">
          <stop offset="0%" stopColor={dark} />
          <stop offset="100%" stopColor={mid} />
        </linearGradient>
      </defs>
      <rect width="400" height="225" fill={`url(#${id})`} />
      {shapes[title.motif](light, mid)}
    </svg>
  );
}
