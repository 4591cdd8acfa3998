// A page that could not be drawn says so in its place; the frame and the other pages go on.
import { Button } from '@mantine/core'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { EmptyState, Page, PageHeader, Problem } from '../ui/index.ts'

export function PageFailed({ error, reset }: ErrorComponentProps) {
  const message = error instanceof Error ? error.message : String(error)
  return (
    <Page header={<PageHeader title="This page failed" />}>
      <Problem
        error={{
          code: 'window/page',
          message,
          hint: 'Nothing was lost: the hub goes on. This is a fault of Gatehouse.',
        }}
      >
        <Button onClick={reset}>Draw it again</Button>
      </Problem>
    </Page>
  )
}

export function NotFound() {
  return (
    <Page header={<PageHeader title="Nothing here" />}>
      <EmptyState title="No page has this address" text={<Link to="/">Go to Home</Link>} />
    </Page>
  )
}
