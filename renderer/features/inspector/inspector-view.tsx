import { PageHeader } from '../../ui/layout.tsx'

export function InspectorView() {
  return <PageHeader title="Inspector" />
}
