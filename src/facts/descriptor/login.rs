//! `authentication`, `authorization` and `certificate`.

use super::object;
use crate::expr::Type;

object! {
    /// How people log in.
    AUTHENTICATION = "authentication", "How an API server finds out who is asking, from its flags or from an AuthenticationConfiguration";
    tool: Type::String, "kubeadm, static-pod, systemd, file";
    file: Type::Bool, "It is an AuthenticationConfiguration (else an API server)";
    elsewhere: Type::Bool, "People log in by what is configured in another file: a webhook or an AuthenticationConfiguration";
    issuers: Type::List(&Type::Object(&ISSUER)), "OIDC issuers";
}

object! {
    /// A certificate.
    CERTIFICATE = "certificate", "A certificate in a PEM file, a kubeconfig, a Secret or a caBundle; or the key of a CA by itself";
    name: Type::String, "Common name; empty if none";
    groups: Type::List(&Type::String), "Organizations, which are groups to Kubernetes";
    usage: Type::String, "client and ca (of a kubeconfig), caBundle, server (of a Secret for TLS), serving (of an API server), file, or key for a key by itself";
    ca: Type::Bool, "It may sign others";
    expires: Type::String, "The day after which it is not valid";
    daysLeft: Type::Int, "Days from the audit's date until then; negative once it is over";
    lifetimeDays: Type::Int, "Days from its first to its last";
    rsaBits: Type::Int, "Length of an RSA key in bits; null for other keys";
    sha1: Type::Bool, "Somebody else signed it with SHA-1";
    withKey: Type::Bool, "It logs somebody in, and its private key lies beside it";
    managed: Type::Bool, "cert-manager or Cluster API renews it";
    misfit: Type::String, "What it lacks for what it is used for; null if nothing";
    caKey: Type::Bool, "The private key of a CA lies here, where none belongs";
}

object! {
    /// An OIDC issuer.
    ISSUER = "issuer", "An OIDC issuer; prefixes and claims are null where unset";
    url: Type::String, "Its URL; null if unset";
    client: Type::String, "The audience it must name; null if unset";
    usernameClaim: Type::String, "Claim that holds the user's name; null where an expression makes it";
    usernamePrefix: Type::String, "What keeps names apart: the prefix, the default one included; the claim for e-mail addresses, which need none; `-` is empty";
    groupsClaim: Type::String, "Claim that holds the groups; null if unset";
    groupsPrefix: Type::String, "What is put before groups; empty if unset";
    guarded: Type::Bool, "Rules refuse users, or claims must have given values";
    emailVerified: Type::Bool, "The name is an e-mail address that the issuer must have verified; true for other claims";
}

object! {
    /// Who decides on requests.
    AUTHORIZATION = "authorization", "Who decides on requests: an API server's modes, an AuthorizationConfiguration, or a line of an ABAC policy";
    tool: Type::String, "kubeadm, static-pod, systemd, file";
    modes: Type::List(&Type::String), "Modes in order; null where another file holds them, and for an ABAC line";
    webhooks: Type::List(&Type::Object(&AUTHORIZER)), "Webhooks in an AuthorizationConfiguration, in order";
    abac: Type::Object(&ABAC), "One line of an ABAC policy; null otherwise";
}

object! {
    /// A webhook that decides.
    AUTHORIZER = "authorizer", "A webhook that decides on requests";
    name: Type::String, "Name; empty if unset";
    failurePolicy: Type::String, "Deny or NoOpinion; null if unset";
    conditions: Type::Bool, "It is asked about some requests only";
    beforeRbac: Type::Bool, "RBAC is asked after it";
}

object! {
    /// A line of an ABAC policy.
    ABAC = "abac", "A line of an ABAC policy";
    malformed: Type::String, "Why the API server refuses it, or reads something else than is written; null if it does not";
    versioned: Type::Bool, "It has an apiVersion";
    everybody: Type::Bool, "It holds for all users that are logged in, or for everybody";
    anonymous: Type::Bool, "It holds for users that are not logged in";
    noSubject: Type::Bool, "It names neither user nor group";
    readonly: Type::Bool, "It allows reading only";
    allResources: Type::Bool, "It covers every resource of every group";
    secrets: Type::Bool, "It covers Secrets";
    allNamespaces: Type::Bool, "It covers every namespace";
    allPaths: Type::Bool, "It covers every path that is no resource";
    resources: Type::Bool, "It covers some resource";
    subject: Type::String, "User or group, for messages";
}
