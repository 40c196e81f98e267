//! A seeded generator of realistic objects: the same seed gives the same bytes.

use std::fmt::Write as _;

/// A small congruential generator; nothing here needs good randomness, only the same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Files with `objects` objects in all, ten a file: half Deployments with one to four containers, the rest Services,
/// ConfigMaps, budgets, bindings. About 1.6 KB an object.
pub fn files(objects: usize, seed: u64) -> Vec<(String, String)> {
    let mut numbers = Numbers(seed);
    (0..objects.div_ceil(10))
        .map(|file| {
            let mut text = String::new();
            for place in 0..10 {
                object(&mut text, &mut numbers, file, place);
            }
            (format!("apps/team-{}/app-{file}.yaml", file % 40), text)
        })
        .collect()
}

fn object(text: &mut String, numbers: &mut Numbers, file: usize, place: usize) {
    let (namespace, name) = (format!("team-{}", file % 40), format!("app-{file}-{place}"));
    let written = match place {
        0..=4 => deployment(text, numbers, &namespace, &name),
        5 | 6 => service(text, &namespace, &format!("app-{file}-{}", place - 5)),
        7 => config_map(text, numbers, &namespace, &name),
        8 => budget(text, &namespace, &format!("app-{file}-0")),
        _ => binding(text, &namespace, &name),
    };
    written.unwrap_or_default();
}

fn deployment(text: &mut String, numbers: &mut Numbers, namespace: &str, name: &str) -> std::fmt::Result {
    let replicas = 1 + numbers.below(4);
    writeln!(
        text,
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels:\n    \
         app.kubernetes.io/name: {name}\n    app.kubernetes.io/part-of: bench\nspec:\n  replicas: {replicas}\n  selector:\n    \
         matchLabels:\n      app.kubernetes.io/name: {name}\n  template:\n    metadata:\n      labels:\n        \
         app.kubernetes.io/name: {name}\n        app.kubernetes.io/part-of: bench\n      annotations:\n        \
         prometheus.io/scrape: \"true\"\n        prometheus.io/port: \"9090\"\n    spec:\n      \
         terminationGracePeriodSeconds: 30"
    )?;
    // As in most repositories, a good part of the pods is hardened and spread, and a part is not.
    if numbers.below(4) > 0 {
        writeln!(
            text,
            "      automountServiceAccountToken: false\n      securityContext:\n        seccompProfile:\n          type: RuntimeDefault"
        )?;
    }
    if numbers.below(2) > 0 {
        writeln!(
            text,
            "      topologySpreadConstraints:\n        - maxSkew: 1\n          topologyKey: topology.kubernetes.io/zone\n          \
             whenUnsatisfiable: ScheduleAnyway\n          labelSelector:\n            matchLabels:\n              \
             app.kubernetes.io/name: {name}"
        )?;
    }
    writeln!(text, "      containers:")?;
    for container in 0..1 + numbers.below(4) {
        let minor = numbers.below(40);
        let read_only = numbers.below(4) > 0;
        writeln!(
            text,
            "        - name: c{container}\n          image: registry.example.com/{namespace}/{name}:1.{minor}.0\n          \
             args:\n            - --listen=:8080\n            - --log-level=info\n            - --workers={minor}\n          \
             ports:\n            - name: http\n              containerPort: 8080\n          env:\n            - name: REGION\n              \
             value: eu-west-1\n            - name: CACHE_SIZE\n              value: \"{minor}\"\n            - name: POD_IP\n              \
             valueFrom:\n                fieldRef:\n                  fieldPath: status.podIP\n          resources:\n            \
             requests:\n              cpu: 100m\n              memory: 128Mi\n            limits:\n              memory: 256Mi\n          \
             readinessProbe:\n            httpGet:\n              path: /ready\n              port: http\n            \
             periodSeconds: 5\n          securityContext:\n            allowPrivilegeEscalation: false\n            \
             readOnlyRootFilesystem: {read_only}\n            runAsNonRoot: true\n            capabilities:\n              drop:\n                - ALL"
        )?;
    }
    Ok(())
}

fn service(text: &mut String, namespace: &str, name: &str) -> std::fmt::Result {
    writeln!(
        text,
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  selector:\n    \
         app.kubernetes.io/name: {name}\n  ports:\n    - name: http\n      port: 80\n      targetPort: http"
    )
}

fn config_map(text: &mut String, numbers: &mut Numbers, namespace: &str, name: &str) -> std::fmt::Result {
    writeln!(
        text,
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\ndata:\n  app.properties: |"
    )?;
    for line in 0..10 + numbers.below(30) {
        writeln!(text, "    setting.{line}.enabled={}", numbers.below(1000))?;
    }
    Ok(())
}

fn budget(text: &mut String, namespace: &str, name: &str) -> std::fmt::Result {
    writeln!(
        text,
        "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: {name}"
    )
}

fn binding(text: &mut String, namespace: &str, name: &str) -> std::fmt::Result {
    writeln!(
        text,
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: {name}\n  namespace: {namespace}\n\
         roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: reader\nsubjects:\n  - kind: ServiceAccount\n    \
         name: {name}\n    namespace: {namespace}"
    )
}
