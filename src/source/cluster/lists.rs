//! One list, from its first page to its last, over all namespaces or one after the other, and what is said about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, Semaphore};

use super::api::{Api, Reply};
use super::error::Failure;
use super::namespaces::{self, Visible};
use super::request::{self, Part};
use super::settings::LiveSettings;
use super::trimming::{Shape, Trimmed, Trimmer};
use crate::source::{ListState, Resource};

/// Lists under way at the same time: each holds one connection and at most one page.
const SIDE_BY_SIDE: usize = 6;

/// How often a list may be told that its token has expired, with no page in between.
const EXPIRED_IN_A_ROW: usize = 3;

/// What a list came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// How it ended.
    pub state: ListState,
    /// Its pages are not of one moment.
    pub inconsistent: bool,
    /// Its objects by namespace and name.
    pub objects: Vec<Trimmed>,
}

/// How the pages of one list ended.
enum End {
    Complete,
    Forbidden,
    Absent,
    Failed(String),
}

/// What has arrived.
#[derive(Default)]
struct Gathered {
    objects: Vec<Trimmed>,
    inconsistent: bool,
}

/// An answer that is on its way.
type Early = tokio::task::JoinHandle<Result<Reply, Failure>>;

/// The continue token of a page, found before the page is read: API servers write the list's metadata first. `None` where it
/// cannot be seen from the beginning; reading the page finds it then.
fn next_token(body: &[u8]) -> Option<String> {
    const HEAD: usize = 8 << 10;
    let start = &body[..body.len().min(HEAD)];
    let head = std::str::from_utf8(start)
        .unwrap_or_else(|error| std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default());
    let (before, _) = head.split_once("\"items\":")?;
    let (_, token) = before.split_once("\"continue\":\"")?;
    let (token, _) = token.split_once('"')?;
    (!token.is_empty() && !token.contains('\\')).then(|| token.to_string())
}

/// Reads lists.
pub(super) struct Lister {
    api: Api,
    trimmer: Trimmer,
    named: Vec<String>,
    selector: Option<String>,
    permits: Semaphore,
    visible: OnceCell<Vec<Visible>>,
    /// Objects that have arrived so far.
    pub arrived: Arc<AtomicUsize>,
}

impl Lister {
    /// Reads lists of the namespaces and labels that were asked for.
    pub fn new(api: Api, trimmer: Trimmer, settings: &LiveSettings) -> Self {
        Lister {
            api,
            trimmer,
            named: settings.namespaces.clone(),
            selector: settings.selector.clone(),
            permits: Semaphore::new(SIDE_BY_SIDE),
            visible: OnceCell::new(),
            arrived: Arc::default(),
        }
    }

    /// Reads a whole list, or as much of it as the account may.
    pub async fn list(&self, resource: &Arc<Resource>) -> Outcome {
        // The semaphore is never closed; without a permit there would only be more lists at once.
        let _permit = self.permits.acquire().await;
        let mut gathered = Gathered::default();
        let state = if resource.namespaced && !self.named.is_empty() {
            self.by_namespace(resource, &self.named, &mut gathered).await
        } else {
            match self.pages(resource, None, &mut gathered).await {
                End::Complete => ListState::Complete,
                End::Absent => ListState::Absent,
                End::Failed(why) => ListState::Failed(why),
                End::Forbidden if resource.namespaced => {
                    let all = self.visible.get_or_init(|| namespaces::visible(&self.api)).await;
                    let some: Vec<String> = all.iter().filter_map(|one| one.listable(resource)).collect();
                    self.by_namespace(resource, &some, &mut gathered).await
                }
                End::Forbidden => ListState::Forbidden,
            }
        };
        gathered.objects.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        Outcome {
            state: self.narrowed(resource, state),
            inconsistent: gathered.inconsistent,
            objects: gathered.objects,
        }
    }

    /// Reads objects by their names; one that does not exist is no trouble.
    pub async fn named_objects(&self, resource: &Arc<Resource>, only: &[(String, String)]) -> Outcome {
        let _permit = self.permits.acquire().await;
        let (mut objects, mut forbidden, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (namespace, name) in only {
            match self.object(resource, namespace, name).await {
                Ok(found) => objects.extend(found),
                Err(End::Forbidden) => forbidden.push(format!("{namespace}/{name}: forbidden")),
                Err(End::Failed(why)) => failed.push(format!("{namespace}/{name}: {why}")),
                Err(End::Absent | End::Complete) => {}
            }
        }
        let state = if forbidden.len() == only.len() {
            ListState::Forbidden
        } else if forbidden.is_empty() && failed.is_empty() {
            ListState::Complete
        } else {
            ListState::Failed([failed, forbidden].concat().join(", "))
        };
        objects.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        Outcome { state, inconsistent: false, objects }
    }

    async fn object(&self, resource: &Arc<Resource>, namespace: &str, name: &str) -> Result<Vec<Trimmed>, End> {
        let request = request::object(resource, namespace, name).map_err(|refused| End::Failed(refused.to_string()))?;
        let reply = self.api.send(&request).await.map_err(|failure| End::Failed(failure.to_string()))?;
        if !reply.is_success() {
            return Err(end(&reply));
        }
        let page = self.trimmer.trim(resource, reply.body, Shape::Object).await.map_err(End::Failed)?;
        self.arrived.fetch_add(page.objects.len(), Ordering::Relaxed);
        Ok(page.objects)
    }

    /// The same list in one namespace after the other; those that may not be read are left out.
    async fn by_namespace(
        &self,
        resource: &Arc<Resource>,
        namespaces: &[String],
        gathered: &mut Gathered,
    ) -> ListState {
        let mut read = Vec::new();
        for namespace in namespaces {
            match self.pages(resource, Some(namespace), gathered).await {
                End::Complete => read.push(namespace.clone()),
                End::Forbidden => {}
                End::Absent => return ListState::Absent,
                End::Failed(why) => return ListState::Failed(format!("namespace {namespace}: {why}")),
            }
        }
        if read.is_empty() { ListState::Forbidden } else { ListState::Namespaces(read) }
    }

    async fn pages(&self, resource: &Arc<Resource>, namespace: Option<&str>, gathered: &mut Gathered) -> End {
        let before = gathered.objects.len();
        let selector = self.selector.as_deref().filter(|_| resource.namespaced);
        let (mut token, mut restarted, mut expired): (Option<String>, _, _) = (None, false, 0);
        let mut early: Option<Early> = None;
        loop {
            let reply = match early.take() {
                Some(early) => early.await.unwrap_or_else(|_| Err(Failure::Unreachable("a request was lost".into()))),
                None => match request::list(resource, &Part { namespace, selector, token: token.as_deref() }) {
                    Ok(request) => self.api.send(&request).await,
                    Err(refused) => return End::Failed(refused.to_string()),
                },
            };
            let reply = match reply {
                Ok(reply) if reply.status == 410 => {
                    expired += 1;
                    match reply.token() {
                        Some(next) if expired <= EXPIRED_IN_A_ROW => {
                            token = Some(next);
                            gathered.inconsistent = true;
                        }
                        None if !restarted => {
                            (token, restarted) = (None, true);
                            gathered.objects.truncate(before);
                        }
                        _ => return End::Failed(format!("it expired again and again ({})", reply.complaint())),
                    }
                    continue;
                }
                Ok(reply) => reply,
                Err(failure) => return End::Failed(failure.to_string()),
            };
            if !reply.is_success() {
                let begun = gathered.objects.len() > before;
                return if begun { End::Failed(reply.complaint()) } else { end(&reply) };
            }
            // The next page travels while this one is read.
            if let Some(next) = next_token(&reply.body) {
                match request::list(resource, &Part { namespace, selector, token: Some(&next) }) {
                    Ok(request) => early = Some(self.api.send_aside(request)),
                    Err(refused) => return End::Failed(refused.to_string()),
                }
            }
            let page = match self.trimmer.trim(resource, reply.body, Shape::List).await {
                Ok(page) => page,
                Err(why) => return End::Failed(why),
            };
            self.arrived.fetch_add(page.objects.len(), Ordering::Relaxed);
            gathered.objects.extend(page.objects);
            expired = 0;
            match page.next {
                Some(next) => token = Some(next),
                None => return End::Complete,
            }
        }
    }

    /// What the user left out is not complete.
    fn narrowed(&self, resource: &Resource, state: ListState) -> ListState {
        match (&self.selector, state) {
            (Some(selector), ListState::Complete) if resource.namespaced => {
                ListState::Selected(format!("labels {selector}"))
            }
            (Some(selector), ListState::Namespaces(names)) => {
                ListState::Selected(format!("labels {selector} in namespaces {}", names.join(", ")))
            }
            (_, state) => state,
        }
    }
}

/// A resource of the core group that lives in no namespace.
pub(super) fn core(kind: &str, plural: &str) -> Resource {
    let (kind, plural) = (kind.to_string(), plural.to_string());
    Resource { group: String::new(), version: "v1".to_string(), kind, plural, namespaced: false }
}

/// The objects of a list for our own use, or why they cannot be had.
pub(super) async fn walk<T: DeserializeOwned>(api: &Api, resource: &Resource) -> Result<Vec<T>, String> {
    let (mut all, mut token) = (Vec::new(), None::<String>);
    loop {
        let part = Part { token: token.as_deref(), ..Part::default() };
        let request = request::list(resource, &part).map_err(|refused| refused.to_string())?;
        let reply = api.send(&request).await.map_err(|failure| failure.to_string())?;
        if !reply.is_success() {
            return Err(reply.complaint());
        }
        let page: Walked<T> = serde_json::from_slice(&reply.body).map_err(|_| "they cannot be read".to_string())?;
        all.extend(page.items);
        token = Some(page.metadata.token).filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(all);
        }
    }
}

/// What an unsuccessful first answer means.
fn end(reply: &Reply) -> End {
    match reply.status {
        403 => End::Forbidden,
        404 | 405 => End::Absent,
        _ => End::Failed(reply.complaint()),
    }
}

#[derive(Deserialize)]
struct Walked<T> {
    #[serde(default)]
    metadata: WalkedMetadata,
    items: Vec<T>,
}

#[derive(Default, Deserialize)]
struct WalkedMetadata {
    #[serde(default, rename = "continue")]
    token: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_page_is_seen_before_the_page_is_read() {
        let page = |metadata: &str| {
            format!("{{\"kind\":\"PodList\",\"metadata\":{{{metadata}}},\"items\":[{{\"continue\":\"no\"}}]}}")
        };
        let token = |metadata: &str| next_token(page(metadata).as_bytes());
        assert_eq!(token("\"resourceVersion\":\"5\",\"continue\":\"abc=\""), Some("abc=".to_string()));
        assert_eq!(token("\"continue\":\"\""), None, "the last page");
        assert_eq!(token(""), None);
        assert_eq!(next_token(b"{\"items\":[],\"metadata\":{\"continue\":\"abc\"}}"), None, "reading finds it");
        assert_eq!(next_token(b"\xff"), None);
    }
}
