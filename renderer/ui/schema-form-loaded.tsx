// The form itself: rjsf in Mantine's parts, with our density and words.
import Form from '@rjsf/mantine'
import type { RJSFSchema, UiSchema } from '@rjsf/utils'
import { useMemo } from 'react'
import css from './schema-form.module.css'
import type { SchemaFormProps } from './schema-form.tsx'
import { validator } from './schema-validator.ts'

const uiSchema: UiSchema = {
  'ui:submitButtonOptions': { norender: true },
  'ui:globalOptions': { enableMarkdownInDescription: false },
}

export default function LoadedSchemaForm({ schema, value, onChange, onSubmit, disabled, look }: SchemaFormProps) {
  const shownLook = useMemo(() => ({ ...uiSchema, ...look }), [look])
  const shownSchema = useMemo(() => formSchema(schema), [schema])
  return (
    <div className={css.form}>
      <Form
        schema={shownSchema}
        formData={value}
        uiSchema={shownLook}
        validator={validator}
        disabled={disabled ?? false}
        liveValidate="onChange"
        showErrorList={false}
        noHtml5Validate
        onChange={({ formData, errors }) => onChange(formData, errors.length === 0)}
        onSubmit={() => onSubmit?.()}
      >
        <span />
      </Form>
    </div>
  )
}

/** The server's schema as the form needs it: its own title and description are shown elsewhere, marked as theirs. */
function formSchema(schema: object): RJSFSchema {
  const { title: _title, description: _description, $schema: _dialect, ...rest } = schema as RJSFSchema
  return { type: 'object', ...rest }
}
