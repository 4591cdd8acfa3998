// A span of time picked by drawing over any of the charts below: they all show the same one.
import { type PointerEvent, type ReactNode, useState } from 'react'
import css from './activity.module.css'
import type { Span } from './filter.ts'

interface Drawn {
  chart: Element
  start: number
  end: number
}

const LEAST_PIXELS = 4

export function Brush(props: {
  className: string | undefined
  from: number
  to: number
  onPick: (span: Span) => void
  children: ReactNode
}) {
  const [drawn, setDrawn] = useState<Drawn | null>(null)
  const { from, to } = props
  const begin = (event: PointerEvent) => {
    const chart = (event.target as Element).closest('[data-brush]')
    if (!chart || event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    setDrawn({ chart, start: event.clientX, end: event.clientX })
  }
  const end = () => {
    if (drawn && Math.abs(drawn.end - drawn.start) >= LEAST_PIXELS) {
      const { left, width } = drawn.chart.getBoundingClientRect()
      const at = (x: number) => from + Math.min(1, Math.max(0, (x - left) / width)) * (to - from)
      const [first, last] = [at(drawn.start), at(drawn.end)].sort((a, b) => a - b) as [number, number]
      props.onPick({ from: Math.floor(first), to: Math.ceil(last) })
    }
    setDrawn(null)
  }
  return (
    <div
      className={props.className}
      onPointerDown={begin}
      onPointerMove={event => drawn && setDrawn({ ...drawn, end: event.clientX })}
      onPointerUp={end}
      onPointerCancel={() => setDrawn(null)}
    >
      {props.children}
      {drawn && <span className={css.brush} style={placeOf(drawn)} />}
    </div>
  )
}

function placeOf({ chart, start, end }: Drawn): { left: number; width: number; top: number; height: number } {
  const { left, right, top, height } = chart.getBoundingClientRect()
  const inside = (x: number) => Math.min(right, Math.max(left, x))
  const [a, b] = [inside(Math.min(start, end)), inside(Math.max(start, end))]
  return { left: a, width: b - a, top, height }
}
