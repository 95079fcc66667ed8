/**
 * Certificates for 127.0.0.1 that nobody should trust, with their key:
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 \
 *       -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out self-signed.pem -days 36500
 *     openssl req -new -key key.pem -subj /CN=127.0.0.1 -out request.csr
 *     openssl x509 -req -in request.csr -signkey key.pem -days -1 -extfile <(echo subjectAltName=IP:127.0.0.1) -out expired.pem
 */
export const faultyCertificates = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxDPEXiTZ26fru9XY
DPSJBrnxyTsY5azIGUvEcD2MV8WhRANCAAQWC4Uz7B6pKnlnKCKkRoSuN9+Fai+X
4k4VjkExv/YIlkHtB2AXFo+Ge8xhRXFBMudt6dHqJDhy08XcW805IO+X
-----END PRIVATE KEY-----`,
  selfSigned: `-----BEGIN CERTIFICATE-----
MIIBkTCCATagAwIBAgIUVJIxT4Iq8nKC7Ik+yX8N9yHZfi8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNTIyNDQxNFoYDzIxMjYxMTAx
MjI0NDE0WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQWC4Uz7B6pKnlnKCKkRoSuN9+Fai+X4k4VjkExv/YIlkHtB2AXFo+G
e8xhRXFBMudt6dHqJDhy08XcW805IO+Xo2QwYjAdBgNVHQ4EFgQUhU1mPXlpxj7y
mCWzwuv/eSa1GE4wHwYDVR0jBBgwFoAUhU1mPXlpxj7ymCWzwuv/eSa1GE4wDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0kAMEYC
IQCHfPC/M9UnzQf3nOsEexMVlp0ai2xPb/yxi8FUiqEwuwIhAIaBdOdYN9lVgfwS
Bjr02qSxqSybHXhNtMTabnjIz9os
-----END CERTIFICATE-----`,
  expired: `-----BEGIN CERTIFICATE-----
MIIBXDCCAQKgAwIBAgIUZamHs1gHe9xzNDJoIlWk3q1W3wQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMB4XDTI2MTEyNTIyNDU0MFoXDTI2MTEyNDIy
NDU0MFowFDESMBAGA1UEAwwJMTI3LjAuMC4xMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEFguFM+weqSp5ZygipEaErjffhWovl+JOFY5BMb/2CJZB7QdgFxaPhnvM
YUVxQTLnbenR6iQ4ctPF3FvNOSDvl6MyMDAwDwYDVR0RBAgwBocEfwAAATAdBgNV
HQ4EFgQUhU1mPXlpxj7ymCWzwuv/eSa1GE4wCgYIKoZIzj0EAwIDSAAwRQIhAONT
DjiC5WVJCYh2n4LVwZtCyRPL/acBAgRSt5KAXBsMAiBQG0NKOmkPBatNNBtpcMbq
h1P7UPj/rJR9hQ7k30CibQ==
-----END CERTIFICATE-----`,
};
