//! A report made by hand: twelve rules' worth of findings over four small files.

use std::time::Duration;

use jiff::civil::date;
use k8sready::report::*;
use k8sready::score::score;
use k8sready::vocabulary::*;

/// Texts by their position in this list.
#[derive(Debug)]
pub struct Texts(pub Vec<(String, String)>);

impl SourceText for Texts {
    fn line(&self, source: SourceId, line: usize) -> Option<&str> {
        self.text(source)?.split('\n').nth(line.checked_sub(1)?)
    }

    fn text(&self, source: SourceId) -> Option<&str> {
        self.0.get(source.0 as usize).map(|(_, text)| text.as_str())
    }
}

impl Texts {
    pub fn sample() -> Self {
        let file = |name: &str, text: &str| (name.to_string(), text.to_string());
        Texts(vec![
            file("k8s/shop.yaml", include_str!("../../fixtures/report/shop.yaml")),
            file("k8s/backends.yaml", include_str!("../../fixtures/report/backends.yaml")),
            file("lb/haproxy.cfg", include_str!("../../fixtures/report/haproxy.cfg")),
            file("k8s/hostile \u{202e}.yaml", include_str!("../../fixtures/report/hostile.yaml")),
        ])
    }

    /// The `nth` occurrence (from 0) of a text.
    pub fn at(&self, source: usize, wanted: &str, nth: usize) -> Location {
        let (path, text) = &self.0[source];
        let (start, _) = text.match_indices(wanted).nth(nth).unwrap_or_else(|| panic!("{path} lacks {wanted}"));
        let (line, column) = position(text, start);
        let (end_line, end_column) = position(text, start + wanted.len());
        Location {
            source: LocationSource::File,
            path: path.clone(),
            region: Some(Region { line, column, end_line, end_column }),
            field: String::new(),
            object: String::new(),
            place: Some(Place { source: SourceId(source as u32), span: Span::new(start, start + wanted.len()) }),
        }
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].encode_utf16().count() + 1)
}

pub fn card(id: &str, area: &str, pillar: Pillar, severity: Severity, title: &str, why: &str, fix: &str) -> RuleCard {
    RuleCard {
        id: RuleId::new(id),
        title: title.to_string(),
        area: area.to_string(),
        pillar,
        severity,
        confidence: Confidence::High,
        profile: Profile::Production,
        status: Stability::Stable,
        since: "0.1.0".to_string(),
        why: why.to_string(),
        fix: fix.to_string(),
        references: vec![format!("https://kubernetes.io/docs/{id}/")],
        frameworks: vec![("nsa-1.2".to_string(), vec!["pod-security".to_string()])],
    }
}

fn cards() -> Vec<RuleCard> {
    use {Pillar::*, Severity::*};
    let mut cards = vec![
        card(
            "single-replica",
            "workload",
            Availability,
            High,
            "A workload runs a single replica",
            "One pod means that every node drain, eviction or crash is an outage.",
            "Set `spec.replicas` to 2 or more, or put an autoscaler with `minReplicas` 2 in charge.",
        ),
        card(
            "privileged-container",
            "pod-security",
            Security,
            Critical,
            "A container is privileged",
            "A privileged container sees every device of its node and can replace the kubelet: whoever breaks into it owns the node, and with it every secret that pods on that node mount.",
            "Remove `privileged: true`; add the one capability that the program needs under `capabilities.add`.",
        ),
        card(
            "pdb-blocks-eviction",
            "disruption",
            Availability,
            High,
            "A budget allows no disruption",
            "A node drain waits for the budget until somebody gives up; upgrades stop half way.",
            "Set `maxUnavailable` to 1.",
        ),
        card(
            "image-tag-mutable",
            "images",
            Operations,
            Medium,
            "An image tag can change under a running system",
            "Two pods of one workload can run different programs.",
            "Name the version or, better, the digest.",
        ),
        card(
            "memory-limit-missing",
            "capacity",
            Scaling,
            Medium,
            "A container has no memory limit",
            "A leak takes the node's memory, and the kernel chooses whom to kill.",
            "Set `resources.limits.memory` to what the program may use at most.",
        ),
        card(
            "haproxy-check-missing",
            "load-balancing",
            Availability,
            High,
            "A balancer does not check its servers",
            "A dead API server keeps its share of the connections.",
            "Add `check` to every `server` line.",
        ),
        card(
            "config-name-unreadable",
            "manifest",
            Operations,
            Low,
            "A name holds invisible characters",
            "What people see is not what the cluster stores.",
            "Write the name in ASCII.",
        ),
        card(
            "pdb-missing",
            "disruption",
            Availability,
            Medium,
            "A workload has no disruption budget",
            "A drain may evict all pods at once.",
            "Add a PodDisruptionBudget with `maxUnavailable: 1`.",
        ),
        card(
            "anonymous-binding",
            "access",
            Security,
            Critical,
            "Anonymous users are bound to a role",
            "Anybody who reaches the API server has the role's rights.",
            "Delete the binding.",
        ),
        card(
            "etcd-snapshot-missing",
            "etcd",
            Recovery,
            High,
            "Nothing backs up etcd",
            "Losing the members loses the cluster.",
            "Schedule `etcdctl snapshot save` and copy the file away.",
        ),
    ];
    cards.sort_by(|a, b| a.id.cmp(&b.id));
    cards
}

fn workload(name: &str, container: Option<&str>) -> SubjectName {
    SubjectName {
        api_version: "apps/v1".to_string(),
        kind: "Deployment".to_string(),
        namespace: Some("shop".to_string()),
        name: name.to_string(),
        container: container.map(str::to_string),
        component: None,
    }
}

/// A failure of a rule of `cards`.
pub fn fail(cards: &[RuleCard], rule: &str, subject: SubjectName, location: Location, message: &str) -> Finding {
    let card = cards.iter().find(|card| card.id.as_str() == rule).unwrap_or_else(|| panic!("no card of {rule}"));
    let place = subject.namespace.clone().unwrap_or_default();
    let object = [subject.kind.as_str(), &place, &subject.name].join("/").replace("//", "/");
    Finding {
        rule: card.id.clone(),
        status: Status::Fail,
        severity: card.severity,
        confidence: card.confidence,
        pillar: card.pillar,
        preview: false,
        blocker: false,
        message: message.to_string(),
        reason: None,
        environment: ".".to_string(),
        fingerprint: format!("{rule}-{object}-{}", location.field),
        location: Location { object, ..location },
        subject,
        related: vec![],
        suppressed: None,
        baselined: false,
        new: true,
        count: 1,
    }
}

fn unknown(cards: &[RuleCard], rule: &str, code: UnknownCode, text: &str, count: usize) -> Finding {
    let subject = SubjectName { kind: "Deployment".to_string(), name: "*".to_string(), ..SubjectName::default() };
    let finding = fail(cards, rule, subject, live("spec"), "not decided");
    Finding { status: Status::Unknown, reason: Some(Reason::new(code, text)), count, ..finding }
}

fn live(field: &str) -> Location {
    Location {
        source: LocationSource::Live,
        path: String::new(),
        region: None,
        field: field.to_string(),
        object: String::new(),
        place: None,
    }
}

fn shop_findings(texts: &Texts, cards: &[RuleCard]) -> Vec<Finding> {
    let text = "runs 1 replica: one node drain takes it down";
    let mut findings = vec![
        fail(
            cards,
            "single-replica",
            workload("web", None),
            texts.at(0, "replicas: 1", 0),
            &format!("Deployment `web` {text}"),
        ),
        fail(
            cards,
            "privileged-container",
            workload("web", Some("web")),
            texts.at(0, "privileged: true", 0),
            "container `web` of Deployment `web` is privileged: whoever breaks into it owns the node",
        ),
        fail(
            cards,
            "image-tag-mutable",
            workload("web", Some("web")),
            texts.at(0, "registry.example.org/shop/web:latest", 0),
            "container `web` of Deployment `web` runs `registry.example.org/shop/web:latest`, whose tag moves",
        ),
        fail(
            cards,
            "memory-limit-missing",
            workload("web", Some("web")),
            texts.at(0, "resources", 0),
            "container `web` of Deployment `web` has no memory limit",
        ),
    ];
    findings[0].related.push(Related {
        location: Location { object: "Service/shop/web".to_string(), ..texts.at(0, "kind: Service", 0) },
        text: "this Service sends it traffic".to_string(),
    });
    for (nth, name) in ["cart", "pay", "stock", "mail", "search"].into_iter().enumerate() {
        let message = format!("Deployment `{name}` {text}");
        findings.push(fail(cards, "single-replica", workload(name, None), texts.at(1, "replicas: 1", nth), &message));
    }
    let budget = SubjectName {
        api_version: "policy/v1".to_string(),
        kind: "PodDisruptionBudget".to_string(),
        ..workload("web", None)
    };
    let mut blocked = fail(
        cards,
        "pdb-blocks-eviction",
        budget,
        texts.at(0, "maxUnavailable: 0", 0),
        "PodDisruptionBudget `web` allows no disruption: drains hang",
    );
    blocked
        .related
        .push(Related { location: texts.at(0, "{ app: web }", 3), text: "selects Deployment `web`".to_string() });
    findings.push(blocked);
    findings
}

fn other_findings(texts: &Texts, cards: &[RuleCard]) -> Vec<Finding> {
    let backend = SubjectName {
        kind: "HAProxyBackend".to_string(),
        name: "kube-apiserver".to_string(),
        ..SubjectName::default()
    };
    let map = SubjectName {
        api_version: "v1".to_string(),
        kind: "ConfigMap".to_string(),
        name: "\u{1f680} \u{96e8} \u{202e} gnp".to_string(),
        ..SubjectName::default()
    };
    let binding = SubjectName {
        api_version: "rbac.authorization.k8s.io/v1".to_string(),
        kind: "ClusterRoleBinding".to_string(),
        name: "everyone-can-read".to_string(),
        ..SubjectName::default()
    };
    let mut suppressed = fail(
        cards,
        "image-tag-mutable",
        workload("cart", Some("cart")),
        texts.at(1, "registry.example.org/shop/cart:1.4.2", 0),
        "container `cart` of Deployment `cart` runs a tag that moves",
    );
    suppressed.suppressed = Some(Suppressed {
        by: SuppressedBy::Comment,
        reason: "the registry forbids overwriting".to_string(),
        until: Some(date(2027, 1, 31)),
    });
    vec![
        fail(
            cards,
            "haproxy-check-missing",
            backend.clone(),
            texts.at(2, "server cp1 10.0.0.11:6443", 0),
            "server `cp1` of HAProxyBackend `kube-apiserver` is not checked: it keeps its share when it is dead",
        ),
        fail(
            cards,
            "haproxy-check-missing",
            backend,
            texts.at(2, "server cp2 10.0.0.12:6443", 0),
            "server `cp2` of HAProxyBackend `kube-apiserver` is not checked: it keeps its share when it is dead",
        ),
        fail(
            cards,
            "config-name-unreadable",
            map.clone(),
            texts.at(3, "\u{202e} gnp", 0),
            "ConfigMap `\u{1f680} \u{96e8} \u{202e} gnp` has a name with [invisible](http://example.org) characters\u{1b}[2J\nand a second line",
        ),
        fail(
            cards,
            "config-name-unreadable",
            map.clone(),
            texts.at(3, "x: 1", 0),
            "ConfigMap `\u{1f680}` has a \ttab before the blamed key",
        ),
        fail(
            cards,
            "config-name-unreadable",
            map,
            texts.at(3, "|\n    one\n    two\n    three\n    four\n    five", 0),
            "ConfigMap `\u{1f680}` blames a block of six lines",
        ),
        fail(
            cards,
            "anonymous-binding",
            binding,
            live("subjects[0]"),
            "ClusterRoleBinding `everyone-can-read` gives ClusterRole `view` to `system:anonymous`",
        ),
        suppressed,
        unknown(
            cards,
            "pdb-missing",
            UnknownCode::Forbidden,
            "listing PodDisruptionBudgets is forbidden in namespaces `shop` and `ops`",
            14,
        ),
        unknown(cards, "etcd-snapshot-missing", UnknownCode::Partial, "the input holds no etcd", 1),
    ]
}

/// The report and its texts.
pub fn sample() -> (Report, Texts) {
    let texts = Texts::sample();
    let cards = cards();
    let mut findings = shop_findings(&texts, &cards);
    findings.extend(other_findings(&texts, &cards));
    let assessed = vec![Pillar::Availability, Pillar::Security, Pillar::Operations, Pillar::Scaling];
    let report = Report {
        tool_version: "0.1.0".to_string(),
        ruleset: "2026.1".to_string(),
        command: "audit".to_string(),
        as_of: date(2026, 11, 22),
        target_version: "1.37".to_string(),
        score: score(&score_input(findings.iter(), assessed, true)),
        findings,
        skipped: vec![Skipped { rule: RuleId::new("etcd-quota-unset"), reason: "managed: EKS".to_string(), count: 1 }],
        problems: vec![ProblemNote {
            code: ProblemKind::TemplateNotEvaluated,
            message: "chart `charts/db` holds control blocks that cannot be masked; its 3 templates were not evaluated"
                .to_string(),
            location: Some(Location {
                path: "charts/db/templates/sts.yaml".to_string(),
                ..texts.at(0, "apiVersion", 0)
            }),
        }],
        coverage: Coverage {
            rules_assessed: 61,
            rules_unknown: 2,
            rules_skipped: 9,
            documents_read: 40,
            documents_failed: 1,
            documents_templated: 2,
            documents_without_schema: 1,
            kinds: vec![
                KindCoverage { kind: "apps/v1/Deployment".to_string(), state: KindState::Complete, reason: None },
                KindCoverage {
                    kind: "policy/v1/PodDisruptionBudget".to_string(),
                    state: KindState::Partial,
                    reason: Some(Reason::new(UnknownCode::Forbidden, "two namespaces refused")),
                },
            ],
        },
        rules: cards,
        counts: Counts { suppressed: 1, baselined: 0, known: 0, below_threshold: 7, unknown: 15 },
        elapsed: Some(Duration::from_millis(230)),
        groups: None,
        fail_on: Some(Severity::High),
        compared: None,
        cluster: None,
        data_notes: vec![DataNote { name: "Kubernetes releases".to_string(), date: date(2026, 11, 1) }],
    };
    (report, texts)
}
