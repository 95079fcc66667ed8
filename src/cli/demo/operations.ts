/** What the demo asks of the API; the fields that it reads are typed beside. */

export const viewerQuery = /* GraphQL */ `query Viewer { viewer { id name } }`;

export const createEndpointMutation = /* GraphQL */ `
  mutation CreateEndpoint($url: URL!) {
    createWebhookEndpoint(input: { url: $url, description: "npm run demo" }) {
      __typename
      ... on CreateWebhookEndpointPayload { endpoint { id } secret }
      ... on Error { message }
    }
  }`;

export const deleteEndpointMutation = /* GraphQL */ `
  mutation DeleteEndpoint($id: ID!) { deleteWebhookEndpoint(id: $id) { __typename } }`;

export const createConnectSessionMutation = /* GraphQL */ `
  mutation CreateConnectSession($user: CreateUserInput!) {
    createConnectSession(input: { user: $user }) {
      __typename
      ... on CreateConnectSessionPayload { session { id redirectUrl user { id } } }
      ... on Error { message }
    }
  }`;

export const userLoginsQuery = /* GraphQL */ `
  query UserLogins($id: ID!) { user(id: $id) { id bankLogins { id } } }`;

export const statusQuery = /* GraphQL */ `
  query Status($userId: ID!) {
    loginsSynchronizationStatus(userId: $userId) { status active lastSynchronization bankLogin { id } }
  }`;

export const runCycleMutation = /* GraphQL */ `
  mutation RunCycle {
    runSynchronizationCycle {
      __typename
      ... on RunSynchronizationCyclePayload { cycle { id } }
      ... on Error { message }
    }
  }`;

export const cyclesQuery = /* GraphQL */ `
  query Cycles {
    synchronizationCycles(first: 1) {
      nodes { id status usersEnrolled usersSynchronized usersFailed usersSkipped }
    }
  }`;

export const createSynchronizationSessionMutation = /* GraphQL */ `
  mutation CreateSynchronizationSession($input: CreateSynchronizationSessionInput!) {
    createSynchronizationSession(input: $input) {
      __typename
      ... on CreateSynchronizationSessionPayload { session { id status redirectUrl } }
      ... on Error { message }
    }
  }`;

export const synchronizationSessionQuery = /* GraphQL */ `
  query SynchronizationSession($id: ID!) { synchronizationSession(id: $id) { status errorMessage event { id } } }`;

export const headQuery = /* GraphQL */ `
  query Events($userId: ID!, $after: String) {
    events(userId: $userId, after: $after, first: 50) { nodes { __typename id type cursor } }
  }`;

export const deliveriesQuery = /* GraphQL */ `
  query Deliveries($id: ID!, $after: String) {
    webhookEndpoint(id: $id) {
      deliveries(first: 100, after: $after) {
        nodes { status event { id } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }`;

export const eventsSubscription = /* GraphQL */ `subscription Events { events { __typename id type } }`;
