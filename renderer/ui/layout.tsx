// The shapes pages are made of: page, header, pane, section, box of rows, group row, banner, empty state.
import { ActionIcon, Skeleton } from '@mantine/core'
import { IconChevronRight, IconX } from '@tabler/icons-react'
import { type ReactNode, useEffect } from 'react'
import type { Problem as ProblemData } from '../../contract/procedure.ts'
import { Diamond, Octagon } from './glyphs.tsx'
import css from './layout.module.css'

/** A page: its header, then its body beside an optional pane. */
export function Page(props: { header: ReactNode; pane?: ReactNode; padded?: boolean; children: ReactNode }) {
  return (
    <div className={css.page}>
      {props.header}
      <div className={css.columns}>
        <div className={`${css.body} ${props.padded ? css.padded : ''}`}>{props.children}</div>
        {props.pane}
      </div>
    </div>
  )
}

/** 48 px: title (the page's one h1), a quiet fact, and at the right what can be done. `above`: the page it belongs to. */
export function PageHeader(props: {
  title: string
  fact?: ReactNode
  above?: ReactNode
  mono?: boolean
  children?: ReactNode
}) {
  useEffect(() => {
    document.title = `${props.title} · Gatehouse`
  }, [props.title])
  return (
    <header className={css.header}>
      {props.above && (
        <span className={css.crumb}>
          {props.above}
          <IconChevronRight size={13} aria-hidden="true" />
        </span>
      )}
      <h1 className={`${css.title} ${props.mono ? css.mono : ''}`}>{props.title}</h1>
      {props.fact !== undefined && <span className={`${css.fact} num`}>{props.fact}</span>}
      <div className={css.actions}>{props.children}</div>
    </header>
  )
}

/** Docked at the right: the list stays readable. */
export function Pane(props: {
  label: string
  title?: ReactNode
  fact?: ReactNode
  onClose?: () => void
  actions?: ReactNode
  foot?: ReactNode
  width?: number
  children: ReactNode
}) {
  return (
    <aside
      className={css.pane}
      data-stays={props.onClose === undefined}
      aria-label={props.label}
      style={props.width ? { width: props.width } : undefined}
    >
      {(props.title !== undefined || props.onClose) && (
        <div className={css.paneHead}>
          <div style={{ flex: 1, minWidth: 0 }}>
            <h2 className={css.paneTitle}>{props.title}</h2>
            {props.fact !== undefined && <div className={css.paneFact}>{props.fact}</div>}
          </div>
          {props.actions}
          {props.onClose && (
            <ActionIcon aria-label="Close" onClick={props.onClose}>
              <IconX size={15} />
            </ActionIcon>
          )}
        </div>
      )}
      <div className={css.paneBody}>{props.children}</div>
      {props.foot && <div className={css.paneFoot}>{props.foot}</div>}
    </aside>
  )
}

/** A titled part of a page or pane. */
export function Section(props: {
  title: ReactNode
  count?: number
  fact?: ReactNode
  right?: ReactNode
  children: ReactNode
}) {
  return (
    <section className={css.section}>
      <div className={css.sectionHead}>
        <h2 className={css.sectionTitle}>{props.title}</h2>
        {props.count !== undefined && <span className={`${css.sectionFact} num`}>{props.count}</span>}
        {props.fact !== undefined && <span className={css.sectionFact}>{props.fact}</span>}
        {props.right !== undefined && <span className={css.sectionRight}>{props.right}</span>}
      </div>
      {props.children}
    </section>
  )
}

/** Rows in one hairline frame. */
export const Box = ({ children }: { children: ReactNode }) => <div className={css.box}>{children}</div>

/** A sunken row that heads a group of a full-width list. */
export function GroupRow({ title, count, right }: { title: string; count?: number; right?: ReactNode }) {
  return (
    <div className={css.group}>
      <h2>{title}</h2>
      {count !== undefined && <span className="num">{count}</span>}
      {right !== undefined && <div className={css.groupRight}>{right}</div>}
    </div>
  )
}

/** One row of a box: what leads it, a title, a quiet second line, and what can be done. */
export function Row(props: {
  lead?: ReactNode
  title: ReactNode
  text?: ReactNode
  right?: ReactNode
  children?: ReactNode
}) {
  return (
    <div className={css.row}>
      {props.lead}
      <div className={css.rowMain}>
        <div className={css.rowTitle}>{props.title}</div>
        {props.text !== undefined && <div className={css.rowText}>{props.text}</div>}
        {props.children}
      </div>
      {props.right !== undefined && <div className={css.rowRight}>{props.right}</div>}
    </div>
  )
}

/** What is wrong, why, and the buttons that help. */
export function Banner(props: {
  tone: 'red' | 'amber' | 'plain'
  title: ReactNode
  text?: ReactNode
  role?: 'alert' | 'status'
  children?: ReactNode
}) {
  return (
    <div className={css.banner} data-tone={props.tone} role={props.role}>
      {props.tone === 'red' && <Octagon />}
      {props.tone === 'amber' && <Diamond />}
      <div className={css.bannerMain}>
        <div className={css.bannerTitle}>{props.title}</div>
        {props.text !== undefined && <div className={css.bannerText}>{props.text}</div>}
      </div>
      {props.children && <div className={css.bannerRight}>{props.children}</div>}
    </div>
  )
}

/** A failure in its place. */
export function Problem({ error, children }: { error: ProblemData; children?: ReactNode }) {
  return (
    <div className={css.padded}>
      <Banner tone="red" role="alert" title={error.message} text={error.hint}>
        {children}
      </Banner>
    </div>
  )
}

export function EmptyState({ title, text, children }: { title: string; text?: ReactNode; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h2 className={css.emptyTitle}>{title}</h2>
      {text !== undefined && <p className={css.emptyText}>{text}</p>}
      {children && <div className={css.emptyMore}>{children}</div>}
    </div>
  )
}

/** Rows of the geometry that comes, after 150 ms. */
export function RowsSkeleton({ rows = 6, height = 44 }: { rows?: number; height?: number }) {
  return (
    <div className={css.skeleton} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a skeleton have no other name
        <Skeleton key={n} height={height - 14} radius={6} />
      ))}
    </div>
  )
}

/** Names and values of others, in mono; cut at the end in rows. */
export function Mono({ children, cut = false }: { children: ReactNode; cut?: boolean }) {
  return (
    <span
      className={`${css.mono} ${cut ? css.cut : ''}`}
      title={cut && typeof children === 'string' ? children : undefined}
    >
      {children}
    </span>
  )
}
