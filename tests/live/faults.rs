//! Whatever a server does, a scan ends, and says what it could not read and why.

use k8sready::source::cluster::{ExecPlugins, Obstacle, preflight};
use k8sready::source::{ListState, Want, Wants};

use super::server::{Action, Server, kubeconfig, list, settings, status};
use super::{failure, listed, names, scanned, state, want, wants};

fn on(path: &'static str, action: impl Fn() -> Action + Send + Sync + 'static) -> Server {
    Server::start(move |asked| (asked.target.split('?').next() == Some(path)).then(&action))
}

const PODS: &str = "/api/v1/pods";

#[test]
fn a_healthy_server_is_read_in_order() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/api/v1/pods?&limit=500" => Some(Action::Reply(200, list(&["a/2", "a/1"], Some("more")))),
        "/api/v1/pods?&limit=500&continue=more" => Some(Action::Reply(200, list(&["b/1"], None))),
        "/apis/apps/v1/deployments?&limit=500" => Some(Action::Reply(200, list(&["a/web"], None))),
        _ => None,
    });
    let wants = Wants { paths: vec!["/readyz?verbose".into()], ..wants() };
    let scan = scanned(&server.settings(), &wants).expect("a scan");
    assert_eq!((scan.cluster.name.as_str(), scan.cluster.context.as_str()), ("bad", "test"));
    assert_eq!((scan.cluster.version.as_str(), scan.cluster.server.as_str()), ("v1.37.0-test", server.url.as_str()));
    assert!(scan.lists.iter().all(|listed| listed.state == ListState::Complete && !listed.inconsistent));
    assert_eq!(names(&scan, "pods"), ["a/1", "a/2", "b/1"]);
    assert_eq!(names(&scan, "deployments"), ["a/web"]);
    assert_eq!(listed(&scan, "deployments").resource.kind, "Deployment");
    let paths: Vec<&str> = scan.answers.iter().map(|answer| answer.path.as_str()).collect();
    assert_eq!(paths, ["/readyz?verbose", "tls:serving-certificate"]);
    let agents = server.asked().iter().all(|asked| asked.headers.contains("user-agent: k8sready/"));
    assert!(agents, "a request without our name: {:?}", server.asked());
}

#[test]
fn nobody_listens() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = scanned(&settings(kubeconfig(&folder, &format!("http://{closed}"))), &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Unreachable, "{error}");
    assert!(error.message.contains(&closed.to_string()) && error.message.contains("refused"), "{error}");
}

#[test]
fn a_name_that_nobody_knows() {
    let folder = tempfile::tempdir().unwrap();
    let error = scanned(&settings(kubeconfig(&folder, "https://api.invalid:6443")), &wants()).unwrap_err();
    assert!(matches!(error.obstacle, Obstacle::Unreachable | Obstacle::Timeout), "{error}");
}

#[test]
fn a_server_without_tls_behind_https() {
    let server = Server::start(|_| None);
    let folder = tempfile::tempdir().unwrap();
    let https = server.url.replace("http:", "https:");
    let error = scanned(&settings(kubeconfig(&folder, &https)), &wants()).unwrap_err();
    assert!(matches!(error.obstacle, Obstacle::Tls | Obstacle::Timeout | Obstacle::Unreachable), "{error}");
    assert!(error.message.contains(&https), "{error}");
}

#[test]
fn a_server_with_tls_behind_http() {
    let says = "Client sent an HTTP request to an HTTPS server.";
    let server = on("/version", move || Action::Reply(400, format!("{says}\n")));
    let error = scanned(&server.settings(), &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Unready, "{error}");
    assert!(error.message.contains(says), "{error}");
}

#[test]
fn an_address_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["ftp://127.0.0.1:1", "/version", "https://"] {
        let error = scanned(&settings(kubeconfig(&folder, url)), &wants()).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::Kubeconfig, "{url}: {error}");
    }
    let error = scanned(&settings(kubeconfig(&folder, "127.0.0.1:1")), &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Unreachable, "{error}");
    assert!(error.message.contains("https://127.0.0.1:1"), "{error}");
}

#[test]
fn a_proxy_that_is_not_there() {
    let server = Server::start(|_| None);
    let mut settings = server.settings();
    settings.proxy = Some("http://me:hunter2@127.0.0.1:1".into());
    let error = scanned(&settings, &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Unreachable, "{error}");
    assert!(error.message.contains("proxy") && !error.to_string().contains("hunter2"), "{error}");
    settings.proxy = Some("ftp://me:hunter2@127.0.0.1:1".into());
    let error = scanned(&settings, &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Kubeconfig, "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(server.asked().is_empty(), "it was not asked through a proxy");
}

#[test]
fn the_first_answer_never_comes() {
    let error = scanned(&on("/version", || Action::Hang).settings(), &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Timeout, "{error}");
    assert!(error.message.contains("--request-timeout"), "{error}");
}

#[test]
fn credentials_are_not_accepted() {
    let server = on("/version", || Action::Reply(401, status("Unauthorized", None)));
    let error = scanned(&server.settings(), &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Unauthorized, "{error}");
    assert!(error.message.contains("`me`"), "{error}");
    assert_eq!(server.asked().len(), 1, "asking again does not help");
}

#[test]
fn an_account_that_may_not_even_discover() {
    let error = scanned(&on("/apis", || Action::Reply(403, status("no", None))).settings(), &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Forbidden, "{error}");
}

#[test]
fn something_else_answers() {
    for body in ["<html>Please log in</html>", "{}", r#"{"gitVersion":7}"#] {
        let server = on("/version", || Action::Reply(200, body.to_string()));
        let error = scanned(&server.settings(), &wants()).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::NotKubernetes, "{error}");
    }
}

#[test]
fn one_list_hangs_and_the_others_are_there() {
    let scan = scanned(&on(PODS, || Action::Hang).settings(), &wants()).expect("a scan");
    assert!(failure(&scan, "pods").contains("--request-timeout"), "{}", failure(&scan, "pods"));
    assert_eq!(state(&scan, "nodes"), &ListState::Complete);
    assert_eq!(state(&scan, "deployments"), &ListState::Complete);
}

#[test]
fn everything_hangs() {
    let server = Server::start(|asked| asked.target.contains("limit=").then_some(Action::Hang));
    let error = scanned(&server.settings(), &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Lost, "{error}");
}

#[test]
fn a_slow_drip_is_no_answer() {
    let scan = scanned(&on(PODS, || Action::Drip(list(&["a/1"], None))).settings(), &wants()).expect("a scan");
    assert!(failure(&scan, "pods").contains("--request-timeout"), "{}", failure(&scan, "pods"));
}

#[test]
fn an_answer_breaks_off_each_time() {
    let server = on(PODS, || Action::Truncate(list(&["a/1"], None)));
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert!(failure(&scan, "pods").contains("broke off"), "{}", failure(&scan, "pods"));
    assert!((2..=5).contains(&server.count(PODS)), "{} tries", server.count(PODS));
    assert!(names(&scan, "pods").is_empty(), "half an answer is none");
}

#[test]
fn an_answer_breaks_off_once() {
    let server = Server::start(|asked| {
        let first = asked.target.starts_with(PODS) && asked.before == 0;
        let then = asked.target.starts_with(PODS).then(|| Action::Reply(200, list(&["a/1"], None)));
        if first { Some(Action::Close) } else { then }
    });
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(state(&scan, "pods"), &ListState::Complete);
    assert_eq!(names(&scan, "pods"), ["a/1"]);
}

#[test]
fn garbage_is_no_empty_list() {
    for body in ["]", "{}", "{\"kind\":\"PodList\",\"items\":[{}]}", "<html></html>", ""] {
        let scan = scanned(&on(PODS, || Action::Reply(200, body.to_string())).settings(), &wants()).expect("a scan");
        assert!(failure(&scan, "pods").contains("no list of objects"), "{body}: {}", failure(&scan, "pods"));
    }
}

#[test]
fn an_error_of_the_server_is_told() {
    let server = on(PODS, || Action::Reply(500, status("etcd is \\u001b[31mred", None)));
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(failure(&scan, "pods"), "status 500: etcd is [31mred");
    assert_eq!(server.count(PODS), 1, "a 500 is not asked again");
}

#[test]
fn a_server_that_is_busy_now_is_asked_again() {
    let server = Server::start(|asked| {
        let pods = asked.target.starts_with(PODS);
        match asked.before {
            0 if pods => Some(Action::ReplyWith(429, "retry-after: 0", status("too many", None))),
            1 if pods => Some(Action::Reply(503, status("starting", None))),
            _ => pods.then(|| Action::Reply(200, list(&["a/1"], None))),
        }
    });
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(names(&scan, "pods"), ["a/1"]);
    assert_eq!(server.count(PODS), 3);
}

#[test]
fn a_server_that_stays_busy_is_left_alone() {
    let server = on(PODS, || Action::ReplyWith(429, "retry-after: 0", status("too many requests", None)));
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(failure(&scan, "pods"), "status 429: too many requests");
    assert_eq!(server.count(PODS), 5);
}

#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
    let server = on(PODS, || Action::ReplyWith(429, "retry-after: 3600", status("later", None)));
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(failure(&scan, "pods"), "status 429: later");
    assert_eq!(server.count(PODS), 1);
}

#[test]
fn a_token_expires_and_the_server_gives_another() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/api/v1/pods?&limit=500" => Some(Action::Reply(200, list(&["a/1"], Some("old")))),
        "/api/v1/pods?&limit=500&continue=old" => Some(Action::Reply(410, status("expired", Some("new")))),
        "/api/v1/pods?&limit=500&continue=new" => Some(Action::Reply(200, list(&["b/1"], None))),
        _ => None,
    });
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(names(&scan, "pods"), ["a/1", "b/1"]);
    assert_eq!(state(&scan, "pods"), &ListState::Complete);
    assert!(listed(&scan, "pods").inconsistent, "its pages are of two moments");
    assert!(!listed(&scan, "nodes").inconsistent);
}

#[test]
fn a_token_expires_and_the_list_begins_anew() {
    let server = Server::start(|asked| match (asked.target.as_str(), asked.before) {
        ("/api/v1/pods?&limit=500", 0) => Some(Action::Reply(200, list(&["a/gone"], Some("old")))),
        ("/api/v1/pods?&limit=500", _) => Some(Action::Reply(200, list(&["a/1"], None))),
        ("/api/v1/pods?&limit=500&continue=old", _) => Some(Action::Reply(410, status("expired", None))),
        _ => None,
    });
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(names(&scan, "pods"), ["a/1"], "what the first try had read does not count");
    assert!(!listed(&scan, "pods").inconsistent);
}

#[test]
fn tokens_that_always_expire_end_the_list() {
    for token in [None, Some("next")] {
        let server = Server::start(move |asked| {
            let again = || Action::Reply(410, status("expired", token));
            let more = asked.target.contains("continue=");
            let first = || Action::Reply(200, list(&["a/1"], Some("old")));
            asked.target.starts_with(PODS).then(|| if more { again() } else { first() })
        });
        let scan = scanned(&server.settings(), &wants()).expect("a scan");
        assert!(failure(&scan, "pods").contains("again and again"), "{}", failure(&scan, "pods"));
        assert_eq!(names(&scan, "pods"), ["a/1"], "what had arrived is there");
        assert!(server.count(PODS) <= 6, "{} requests", server.count(PODS));
    }
}

#[test]
fn a_list_that_is_lost_halfway_keeps_what_it_has() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/api/v1/pods?&limit=500" => Some(Action::Reply(200, list(&["a/1"], Some("t")))),
        "/api/v1/pods?&limit=500&continue=t" => Some(Action::Reply(403, status("no longer", None))),
        _ => None,
    });
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(failure(&scan, "pods"), "status 403: no longer");
    assert_eq!(names(&scan, "pods"), ["a/1"]);
}

#[test]
fn an_endless_list_ends_with_the_scan() {
    let server = on(PODS, || Action::Reply(200, list(&[], Some("t"))));
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert!(failure(&scan, "pods").contains("--timeout"), "{}", failure(&scan, "pods"));
}

#[test]
fn a_kind_is_forbidden() {
    let server = on("/api/v1/nodes", || Action::Reply(403, status("no", None)));
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    assert_eq!(state(&scan, "nodes"), &ListState::Forbidden);
    assert_eq!(state(&scan, "pods"), &ListState::Complete);
}

/// Pods may be listed in `mine` only.
fn restricted(namespaces: bool) -> Server {
    Server::start(move |asked| {
        let path = asked.target.split('?').next().unwrap_or("");
        match path {
            "/api/v1/namespaces/mine/pods" => Some(Action::Reply(200, list(&["mine/1"], None))),
            "/api/v1/namespaces" if namespaces => Some(Action::Reply(200, list(&["mine", "yours"], None))),
            _ if path.ends_with("/pods") || path == "/api/v1/namespaces" => {
                Some(Action::Reply(403, status("no", None)))
            }
            _ => None,
        }
    })
}

#[test]
fn a_kind_is_allowed_in_one_namespace() {
    let scan = scanned(&restricted(true).settings(), &wants()).expect("a scan");
    assert_eq!(state(&scan, "pods"), &ListState::Namespaces(vec!["mine".into()]));
    assert_eq!(names(&scan, "pods"), ["mine/1"]);
}

#[test]
fn only_namespaces_where_the_account_may_list_are_asked_for() {
    let server = Server::start(|asked| {
        let path = asked.target.split('?').next().unwrap_or("");
        let rules = |verbs: &str, rest: &str| {
            let rule = format!(r#"{{"verbs":["{verbs}"],"apiGroups":[""],"resources":["pods"]{rest}}}"#);
            Action::Reply(201, format!(r#"{{"status":{{"resourceRules":[{rule}],"incomplete":false}}}}"#))
        };
        match path {
            "/api/v1/namespaces" => Some(Action::Reply(200, list(&["all", "get", "mine", "named", "unsaid"], None))),
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => Some(match asked.body.as_str() {
                body if body.contains("all") => rules("*", ""),
                body if body.contains("get") => rules("get", ""),
                body if body.contains("mine") => rules("list", ""),
                body if body.contains("named") => rules("list", r#","resourceNames":["x"]"#),
                _ => Action::Reply(500, status("no", None)),
            }),
            PODS => Some(Action::Reply(403, status("no", None))),
            _ => None,
        }
    });
    let scan = scanned(&server.settings(), &wants()).expect("a scan");
    let read = ["all", "mine", "unsaid"].map(String::from).to_vec();
    assert_eq!(state(&scan, "pods"), &ListState::Namespaces(read), "where nobody says, it is tried");
    for spared in ["get", "named"] {
        assert_eq!(server.count(&format!("/namespaces/{spared}/pods")), 0, "{spared}");
    }
}

#[test]
fn nobody_says_which_namespaces_there_are() {
    let scan = scanned(&restricted(false).settings(), &wants()).expect("a scan");
    assert_eq!(state(&scan, "pods"), &ListState::Forbidden);
}

#[test]
fn the_user_names_namespaces() {
    let server = restricted(false);
    let mut settings = server.settings();
    settings.namespaces = vec!["mine".into(), "yours".into()];
    let scan = scanned(&settings, &wants()).expect("a scan");
    assert_eq!(state(&scan, "pods"), &ListState::Namespaces(vec!["mine".into()]));
    assert_eq!(state(&scan, "nodes"), &ListState::Complete, "nodes live in no namespace");
    assert_eq!(server.count("/api/v1/pods"), 0, "all namespaces were not asked for");
}

#[test]
fn a_misspelt_namespace_is_no_empty_one() {
    let server = on("/api/v1/namespaces/shpo", || Action::Reply(404, status("not found", None)));
    let mut settings = server.settings();
    settings.namespaces = vec!["shpo".into()];
    let error = scanned(&settings, &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::NoSuchNamespace, "{error}");
}

#[test]
fn a_selected_list_is_not_complete() {
    let server = Server::start(|_| None);
    let mut settings = server.settings();
    settings.selector = Some("app=web".into());
    let scan = scanned(&settings, &wants()).expect("a scan");
    assert_eq!(state(&scan, "pods"), &ListState::Selected("labels app=web".into()));
    assert_eq!(state(&scan, "nodes"), &ListState::Complete);
    assert_eq!(server.count("/api/v1/pods?&labelSelector=app%3Dweb"), 1);
}

#[test]
fn what_is_not_served_is_absent_and_a_broken_group_is_not() {
    let server = on("/apis", || {
        let stale = r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"metrics.k8s.io"},
            "versions":[{"version":"v1beta1","freshness":"Stale"}]}]}"#;
        Action::Reply(200, stale.to_string())
    });
    let resources = vec![want("", "pods"), want("apps", "deployments"), want("metrics.k8s.io", "nodes")];
    let scan = scanned(&server.settings(), &Wants { resources, ..Wants::default() }).expect("a scan");
    assert_eq!(state(&scan, "deployments"), &ListState::Absent);
    assert!(failure(&scan, "nodes").contains("does not answer"), "{}", failure(&scan, "nodes"));
}

#[test]
fn an_old_server_is_asked_group_by_group() {
    let server = Server::start(|asked| {
        let body = match asked.target.as_str() {
            "/api" => r#"{"kind":"APIVersions","versions":["v1"]}"#,
            "/apis" => {
                r#"{"kind":"APIGroupList","groups":[{"name":"apps","versions":[{"version":"v1beta1"},{"version":"v1"}],
                "preferredVersion":{"version":"v1"}},{"name":"batch","versions":[{"version":"v1"}]},
                {"name":"metrics.k8s.io","versions":[{"version":"v1beta1"}]}]}"#
            }
            "/api/v1" => {
                r#"{"kind":"APIResourceList","resources":[{"name":"pods","kind":"Pod","namespaced":true},
                {"name":"pods/log","kind":"Pod","namespaced":true}]}"#
            }
            "/apis/apps/v1" | "/apis/apps/v1beta1" => {
                r#"{"kind":"APIResourceList","resources":[{"name":"deployments","kind":"Deployment","namespaced":true}]}"#
            }
            "/apis/metrics.k8s.io/v1beta1" => return Some(Action::Reply(500, status("no backend", None))),
            _ => return None,
        };
        Some(Action::Reply(200, body.to_string()))
    });
    let resources = vec![want("", "pods"), want("apps", "deployments"), want("metrics.k8s.io", "nodes")];
    let scan = scanned(&server.settings(), &Wants { resources, ..Wants::default() }).expect("a scan");
    assert_eq!(listed(&scan, "deployments").resource.version, "v1", "the preferred version");
    assert_eq!(state(&scan, "pods"), &ListState::Complete);
    assert_eq!(failure(&scan, "nodes"), "status 500: no backend");
    assert_eq!(server.count("/apis/batch"), 0, "nobody wants anything of batch");
}

#[test]
fn objects_by_name() {
    let server = Server::start(|asked| {
        let object =
            |name: &str| Action::Reply(200, format!(r#"{{"metadata":{{"name":"{name}","namespace":"kube-system"}}}}"#));
        match asked.target.as_str() {
            "/api/v1/namespaces/kube-system/pods/a" => Some(object("a")),
            "/api/v1/namespaces/kube-system/pods/gone" => Some(Action::Reply(404, status("not found", None))),
            "/api/v1/namespaces/kube-system/pods/hidden" => Some(Action::Reply(403, status("no", None))),
            _ => None,
        }
    });
    let only = |names: &[&str]| {
        let only = names.iter().map(|name| ("kube-system".to_string(), name.to_string())).collect();
        Wants { resources: vec![want("", "nodes"), Want { only, ..want("", "pods") }], ..Wants::default() }
    };
    let scan = scanned(&server.settings(), &only(&["a", "gone"])).expect("a scan");
    assert_eq!((state(&scan, "pods"), names(&scan, "pods")), (&ListState::Complete, vec!["kube-system/a".to_string()]));
    let scan = scanned(&server.settings(), &only(&["hidden"])).expect("a scan");
    assert_eq!(state(&scan, "pods"), &ListState::Forbidden);
    let scan = scanned(&server.settings(), &only(&["a", "hidden"])).expect("a scan");
    assert_eq!(failure(&scan, "pods"), "kube-system/hidden: forbidden");
}

#[test]
fn secrets_are_refused_before_anybody_is_asked() {
    let server = Server::start(|_| None);
    let resources = vec![want("", "pods"), want("", "secrets")];
    let error = scanned(&server.settings(), &Wants { resources, ..Wants::default() }).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Refused, "{error}");
    assert!(server.asked().is_empty(), "{:?}", server.asked());
}

#[test]
fn metrics_are_reduced_and_health_is_kept() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/metrics" => Some(Action::Reply(200, "# TYPE a gauge\nwanted{x=\"1\"} 2\nother 3\n".into())),
        "/readyz?verbose" => Some(Action::Reply(500, "[+]ping ok\n[-]etcd failed\n".into())),
        "/livez?verbose" => Some(Action::Hang),
        _ => None,
    });
    let paths = ["/metrics", "/readyz?verbose", "/livez?verbose"].map(String::from).to_vec();
    let scan =
        scanned(&server.settings(), &Wants { paths, metrics: vec!["wanted".into()], ..wants() }).expect("a scan");
    let answer = |path: &str| scan.answers.iter().find(|answer| answer.path == path).expect("asked for");
    assert_eq!((answer("/metrics").status, answer("/metrics").text.as_str()), (Some(200), "wanted{x=\"1\"} 2\n"));
    assert_eq!(answer("/readyz?verbose").status, Some(500));
    assert!(answer("/readyz?verbose").text.contains("[-]etcd failed"));
    assert_eq!(answer("/livez?verbose").status, None);
}

#[test]
fn permissions_are_asked_for_one_by_one() {
    let server = Server::start(|asked| {
        let review = asked.target.contains("selfsubjectaccessreviews");
        review.then(|| Action::Reply(201, r#"{"status":{"allowed":false,"reason":"because"}}"#.to_string()))
    });
    let wants = Wants { paths: vec!["/readyz?verbose".into()], ..wants() };
    let permissions = preflight(&server.settings(), &wants, &|_| {}).expect("answers");
    assert_eq!(permissions.len(), 4);
    assert!(permissions.iter().all(|permission| permission.allowed == Some(false) && permission.reason == "because"));
}

mod kubeconfigs {
    use super::*;

    fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> std::path::PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn exec(url: &str, command: &str, more: &str) -> String {
        format!(
            "current-context: test\nclusters: [{{name: bad, cluster: {{server: '{url}'}}}}]\n\
             contexts: [{{name: test, context: {{cluster: bad, user: me}}}}]\n\
             users: [{{name: me, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{command}'{more}}}}}}}]\n"
        )
    }

    #[test]
    fn a_context_that_is_not_there_is_named_with_its_neighbour() {
        let server = Server::start(|_| None);
        let mut settings = server.settings();
        settings.context = Some("tset".into());
        let error = scanned(&settings, &wants()).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::Kubeconfig);
        assert!(error.to_string().contains("did you mean `test`"), "{error}");
        settings.context = None;
        settings.user = Some("nobody".into());
        assert!(scanned(&settings, &wants()).unwrap_err().message.contains("no user `nobody`"));
    }

    #[test]
    fn a_broken_kubeconfig_is_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, "kubeconfig", "users: [{name: me, user: {token: hunter2}}\n- hunter2: [\n");
        let error = scanned(&settings(path), &wants()).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::Kubeconfig);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn files_of_a_list_are_merged_and_missing_ones_passed_over() {
        let server = Server::start(|_| None);
        let folder = tempfile::tempdir().unwrap();
        let first = write(
            &folder,
            "first",
            "current-context: mine\ncontexts: [{name: mine, context: {cluster: bad, user: ''}}]\n",
        );
        let mut settings = server.settings();
        settings.kubeconfig.named = None;
        settings.kubeconfig.listed = vec![folder.path().join("missing"), first, server.kubeconfig()];
        let scan = scanned(&settings, &wants()).expect("a scan");
        assert_eq!((scan.cluster.context.as_str(), scan.cluster.name.as_str()), ("mine", "bad"));
    }

    #[test]
    fn without_a_kubeconfig_nothing_is_guessed() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path().join("missing"));
        assert_eq!(scanned(&settings, &wants()).unwrap_err().obstacle, Obstacle::Kubeconfig);
        settings.kubeconfig.usual = settings.kubeconfig.named.take();
        let error = scanned(&settings, &wants()).unwrap_err();
        assert!(error.to_string().contains("--kubeconfig"), "{error}");
    }

    #[test]
    fn a_server_is_enough() {
        let server = Server::start(|_| None);
        let mut settings = server.settings();
        settings.kubeconfig.named = None;
        settings.server = Some(server.url.clone());
        let scan = scanned(&settings, &wants()).expect("a scan");
        assert_eq!(scan.cluster.server, server.url);
    }

    #[test]
    fn a_missing_plugin_comes_with_its_hint() {
        let folder = tempfile::tempdir().unwrap();
        let text = exec("http://127.0.0.1:1", "k8sready-no-such-plugin", ", installHint: get it from us");
        let error = scanned(&settings(write(&folder, "kubeconfig", &text)), &wants()).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::Plugin, "{error}");
        let text = error.to_string();
        assert!(text.contains("k8sready-no-such-plugin") && text.contains("get it from us"), "{text}");
    }

    #[test]
    fn a_plugin_of_the_repository_does_not_run() {
        let server = Server::start(|_| None);
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("ran");
        let plugin = format!("command: sh, args: [-c, 'touch {}']", trace.display());
        let text = exec(&server.url, "x", "").replace("command: 'x'", &plugin);
        let mut settings = settings(write(&folder, "kubeconfig", &text));
        settings.kubeconfig.foreign = vec![folder.path().to_path_buf()];
        let error = scanned(&settings, &wants()).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::PluginDenied, "{error}");
        assert!(error.to_string().contains("--exec-plugins=allow"), "{error}");
        assert!(!trace.exists(), "it ran");
        settings.plugins = ExecPlugins::Allow;
        assert_eq!(scanned(&settings, &wants()).unwrap_err().obstacle, Obstacle::Plugin, "it runs, and prints nothing");
        assert!(trace.exists(), "it did not run");
        settings.token_file = Some(write(&folder, "token", "t"));
        settings.plugins = ExecPlugins::Deny;
        scanned(&settings, &wants()).expect("a token needs no plugin");
        let with_token = server.asked().iter().any(|asked| asked.headers.contains("authorization: bearer t\n"));
        assert!(with_token, "{:?}", server.asked());
    }

    #[test]
    fn a_kubeconfig_of_the_repository_cannot_have_files_sent() {
        let server = Server::start(|_| None);
        let folder = tempfile::tempdir().unwrap();
        let secret = write(&folder, "secret", "hunter2");
        let text = std::fs::read_to_string(server.kubeconfig()).unwrap();
        let text = text.replace("user: {}", &format!("user: {{tokenFile: {}}}", secret.display()));
        let mut settings = settings(write(&folder, "kubeconfig", &text));
        scanned(&settings, &wants()).expect("its own kubeconfig may name a token file");
        let sent = server.asked().len();
        settings.kubeconfig.foreign = vec![folder.path().to_path_buf()];
        let error = scanned(&settings, &wants()).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::PluginDenied, "{error}");
        assert_eq!(server.asked().len(), sent, "something was sent");
    }

    #[test]
    fn a_plugin_that_fails_is_told_without_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let plugin = "command: sh, interactiveMode: Never, args: [-c, 'echo hunter2; echo no session >&2; exit 3']";
        let text = exec("http://127.0.0.1:1", "x", "").replace("command: 'x'", plugin);
        let error = scanned(&settings(write(&folder, "kubeconfig", &text)), &wants()).unwrap_err();
        assert!(error.message.contains("no session") && !error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn a_plugin_that_hangs_ends_with_the_scan() {
        let folder = tempfile::tempdir().unwrap();
        let text = exec("http://127.0.0.1:1", "x", "").replace("command: 'x'", "command: sleep, args: ['20']");
        let error = scanned(&settings(write(&folder, "kubeconfig", &text)), &wants()).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::Plugin, "{error}");
        assert!(error.message.contains("did not end"), "{error}");
    }

    #[test]
    fn acting_as_somebody_else_is_said_in_headers() {
        let server = Server::start(|_| None);
        let mut settings = server.settings();
        settings.impersonate.user = Some("jane".into());
        settings.impersonate.groups = vec!["devs".into(), "ops".into()];
        scanned(&settings, &wants()).expect("a scan");
        let last = server.asked().pop().expect("requests").headers;
        for header in ["impersonate-user: jane", "impersonate-group: devs", "impersonate-group: ops"] {
            assert!(last.contains(header), "{last}");
        }
    }
}
