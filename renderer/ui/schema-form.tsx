// A form from a tool's JSON Schema. It comes in its own chunk; its checks are interpreted, since the page may not eval.
import { Skeleton } from '@mantine/core'
import { lazy, Suspense } from 'react'

export interface SchemaFormProps {
  schema: object
  value: unknown
  onChange: (value: unknown, complete: boolean) => void
  onSubmit?: () => void
  disabled?: boolean
  /** How single fields are drawn, in rjsf's words. */
  look?: object
}

const Loaded = lazy(() => import('./schema-form-loaded.tsx'))

export function SchemaForm(props: SchemaFormProps) {
  return (
    <Suspense fallback={<Skeleton height={160} radius={6} />}>
      <Loaded {...props} />
    </Suspense>
  )
}
