// An OpenID Connect provider: PKCE for everyone, a device flow, and refresh tokens that are good once.
//
//     node oidc_provider.mjs NODE_MODULES PORT
const [, , modules, port] = process.argv;
const { default: Provider } = await import(`${modules}/oidc-provider/lib/index.js`);

const device = 'urn:ietf:params:oauth:grant-type:device_code';
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'cli',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', device],
    },
    {
      client_id: 'robot',
      client_secret: 'the secret: of a robot?',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
  },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  scopes: ['openid', 'offline_access', 'read'],
});
provider.listen(Number(port), '127.0.0.1');
