import { PageHeader } from '../../ui/index.ts'

export function PolicyView() {
  return <PageHeader title="Policy" />
}
