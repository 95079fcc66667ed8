/** The first thing that a new developer sees: examples that can be run one by one. */
export const firstOperations = `# Put your key into Headers below: it was printed at the first start.
# Then run the operations one by one, with the button or Ctrl-Enter.

query Viewer {
  viewer { id name returnOrigins }
}

mutation CreateUser {
  createUser(input: { externalId: "customer-1", recurring: true }) {
    ... on CreateUserPayload { user { id } }
    ... on Error { code message }
  }
}

# Open redirectUrl in a browser: bank login anna, password sandbox, OTP 123456.
mutation Connect {
  createConnectSession(input: { user: { recurring: true } }) {
    ... on CreateConnectSessionPayload { session { id redirectUrl expiresAt } }
    ... on Error { code message }
  }
}

query Users {
  users {
    nodes {
      id
      bankLogins {
        id
        bank { name }
        synchronizationStatus { status lastSynchronization nextAction }
        accounts { iban balances { amount { amount currency } } }
      }
    }
  }
}

subscription Live {
  events {
    id
    type
    cursor
    ... on BankLoginSynchronized {
      bankLogin { id }
      accounts { newTransactions { amount { amount currency } counterpartyName } }
    }
  }
}

query EventLog {
  events(first: 10) { nodes { id type cursor occurredAt } pageInfo { endCursor hasNextPage } }
}

mutation CreateWebhookEndpoint {
  createWebhookEndpoint(input: { url: "http://127.0.0.1:8080/" }) {
    ... on CreateWebhookEndpointPayload { endpoint { id } secret }
    ... on ValidationError { fields { path message } }
  }
}
`;
