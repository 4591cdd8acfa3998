import { PageHeader } from '../../ui/index.ts'

export function CredentialsView() {
  return <PageHeader title="Credentials" />
}
