import { defineConfig, setting } from '#config';

const HTTP = ['http:', 'https:'];

export const knowledgeConfig = defineConfig('knowledge', {
  piiAnonymize: setting.boolean({
    env: 'PII_ANONYMIZE',
    description: 'Masks personal data in conversations before they are stored: [EMAIL], [PHONE], …',
    default: false,
  }),

  retentionDays: setting.integer({
    env: 'CONVERSATION_RETENTION_DAYS',
    description: 'How long a conversation is kept after it was last ingested; 0 for ever',
    default: 90,
    min: 0,
    max: 36_500,
  }),

  embeddingsUrl: setting.url({
    env: 'EMBEDDINGS_URL',
    description:
      'OpenAI-compatible API that makes vectors (https://api.openai.com/v1); without it search is by words only',
    protocols: HTTP,
  }),
  embeddingsApiKey: setting.secret({
    env: 'EMBEDDINGS_API_KEY',
    description: 'Its key; where EMBEDDINGS_URL is on the host of OPENAI_BASE_URL, OPENAI_API_KEY will do',
    minLength: 1,
  }),
  embeddingsModel: setting.text({
    env: 'EMBEDDINGS_MODEL',
    description: 'Its model. Another one makes new vectors for all that is stored',
    default: 'text-embedding-3-small',
  }),
  embeddingsDimensions: setting.integer({
    env: 'EMBEDDINGS_DIMENSIONS',
    description: 'Size of the vectors to ask the model for; 0 leaves it to the model',
    default: 0,
    min: 0,
    max: 16_000,
  }),
  embeddingsTimeoutMs: setting.integer({
    env: 'EMBEDDINGS_TIMEOUT_MS',
    description: 'How long one request for vectors may take',
    default: 10_000,
    min: 100,
    max: 300_000,
  }),

  vectorsInClear: setting.boolean({
    env: 'VECTORS_IN_CLEAR',
    description:
      'With ENCRYPT_AT_REST: makes vectors all the same, which lie in the database in clear and tell nearly what the texts say',
    default: false,
  }),

  answersFrom: setting.oneOf({
    env: 'ANSWERS_FROM',
    description:
      'Who words an answer: a language model, or the sources themselves (extractive); auto takes the first with a key',
    values: ['auto', 'anthropic', 'openai', 'extractive'],
    default: 'auto',
  }),
  answersTimeoutMs: setting.integer({
    env: 'ANSWERS_TIMEOUT_MS',
    description: 'How long a language model may take for one answer',
    default: 60_000,
    min: 100,
    max: 600_000,
  }),
  answersMaxTokens: setting.integer({
    env: 'ANSWERS_MAX_TOKENS',
    description: 'Longest answer of a language model, in its tokens',
    default: 1_024,
    min: 16,
    max: 32_000,
  }),
  anthropicApiKey: setting.secret({
    env: 'ANTHROPIC_API_KEY',
    description: 'Key of the Anthropic API',
    minLength: 1,
  }),
  anthropicModel: setting.text({
    env: 'ANTHROPIC_MODEL',
    description: 'Model of the Anthropic API',
    default: 'claude-sonnet-4-5',
  }),
  anthropicBaseUrl: setting.url({
    env: 'ANTHROPIC_BASE_URL',
    description: 'Another address of the Anthropic API than https://api.anthropic.com',
    protocols: HTTP,
  }),
  openaiApiKey: setting.secret({
    env: 'OPENAI_API_KEY',
    description: 'Key of the OpenAI API',
    minLength: 1,
  }),
  openaiModel: setting.text({
    env: 'OPENAI_MODEL',
    description: 'Model of the OpenAI API',
    default: 'gpt-4.1-mini',
  }),
  openaiBaseUrl: setting.url({
    env: 'OPENAI_BASE_URL',
    description:
      'Another address of the OpenAI API, or of one that is compatible, than https://api.openai.com/v1',
    protocols: HTTP,
  }),
});
