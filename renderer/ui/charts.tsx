// Two small drawings of the last hour: a line and bars, as wide as their place. Each says itself as a sentence.

interface Drawn {
  values: readonly number[]
  /** For those who do not see it: "184 calls, peak 14 at 14:05". */
  sentence: string
  width?: number
  height?: number
}

/** A line over a soft ground; a dotted line when there is nothing. */
export function Spark({ values, sentence, width = 84, height = 22 }: Drawn) {
  const most = Math.max(...values, 0)
  const y = (value: number) => height - 1.5 - (value / most) * (height - 4)
  const step = values.length > 1 ? width / (values.length - 1) : width
  const points = values.map((value, at) => `${(at * step).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={sentence}
    >
      {most === 0 ? (
        <line x1="0" x2={width} y1={height / 2} y2={height / 2} stroke="var(--line-2)" strokeDasharray="3 2" />
      ) : (
        <>
          <polygon points={`0,${height} ${points} ${width},${height}`} fill="var(--hover)" />
          <polyline
            points={points}
            fill="none"
            stroke="var(--text-2)"
            strokeWidth="1.2"
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
          />
        </>
      )}
    </svg>
  )
}

/** Bars on a dotted base. `tone`: a token name. */
export function Bars({ values, sentence, width = 128, height = 26, tone = 'text-3' }: Drawn & { tone?: string }) {
  const most = Math.max(...values, 1)
  const step = width / Math.max(values.length, 1)
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={sentence}
    >
      <line x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} stroke="var(--line-2)" strokeDasharray="2 2" />
      {values.map((value, at) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place in time
          key={at}
          x={at * step + 0.5}
          y={height - (value / most) * (height - 2)}
          width={Math.max(1, Math.min(step - 1.5, 6))}
          height={(value / most) * (height - 2)}
          fill={`var(--${tone})`}
        />
      ))}
    </svg>
  )
}
