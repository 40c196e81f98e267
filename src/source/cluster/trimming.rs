//! Pages of lists become trimmed texts here, on a thread of its own, so that the network goes on meanwhile.
//!
//! A page is split into its items without reading them twice; each item is given to the function that trims and redacts,
//! on all cores. A page and its texts are all that is held.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use super::error::clean;
use crate::source::Resource;

/// Trims and redacts one object; `None` drops it.
pub type Trim<'t> = &'t (dyn Fn(&Resource, &[u8]) -> Option<Box<str>> + Sync);

/// A trimmed object and what it is sorted by: namespace and name.
pub(super) type Trimmed = (Box<str>, Box<str>, Box<str>);

/// A trimmed page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Its objects.
    pub objects: Vec<Trimmed>,
    /// Where the list goes on.
    pub next: Option<String>,
}

/// What to trim, and who waits for it.
pub(super) struct Job {
    resource: Arc<Resource>,
    body: Bytes,
    shape: Shape,
    done: oneshot::Sender<Result<Page, String>>,
}

/// What a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A page of a list.
    List,
    /// One object.
    Object,
}

/// Where to send pages.
#[derive(Clone)]
pub(super) struct Trimmer(mpsc::UnboundedSender<Job>);

impl Trimmer {
    /// Hands a body over and waits for what becomes of it.
    pub async fn trim(&self, resource: &Arc<Resource>, body: Bytes, shape: Shape) -> Result<Page, String> {
        let (done, page) = oneshot::channel();
        let job = Job { resource: Arc::clone(resource), body, shape, done };
        let gone = |_| "reading it failed inside of k8sready".to_string();
        self.0.send(job).map_err(|_| gone(()))?;
        page.await.map_err(|_| gone(()))?
    }
}

/// The two ends: whoever holds the first can have pages trimmed by the second.
pub(super) fn channel() -> (Trimmer, mpsc::UnboundedReceiver<Job>) {
    let (jobs, inbox) = mpsc::unbounded_channel();
    (Trimmer(jobs), inbox)
}

/// Trims until nobody holds the other end.
pub(super) fn serve(mut inbox: mpsc::UnboundedReceiver<Job>, trim: Trim<'_>) {
    while let Some(Job { resource, body, shape, done }) = inbox.blocking_recv() {
        let page = catch_unwind(AssertUnwindSafe(|| trimmed(&resource, &body, shape, trim)));
        // Whoever asked may have run out of time.
        let _ = done.send(page.unwrap_or_else(|_| Err("reading an object failed inside of k8sready".to_string())));
    }
}

#[derive(Deserialize)]
struct RawPage<'a> {
    /// Required: without it, any JSON object would look like a list of nothing.
    kind: String,
    #[serde(default)]
    metadata: RawPageMetadata,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
struct RawPageMetadata {
    #[serde(default, rename = "continue")]
    token: String,
}

#[derive(Deserialize)]
struct RawObject {
    metadata: RawMetadata,
}

#[derive(Deserialize)]
struct RawMetadata {
    name: String,
    #[serde(default)]
    namespace: String,
}

fn trimmed(resource: &Resource, body: &[u8], shape: Shape, trim: Trim<'_>) -> Result<Page, String> {
    let (items, token) = match shape {
        Shape::List => {
            let page: RawPage<'_> = serde_json::from_slice(body).map_err(|error| no_list(&error))?;
            if !page.kind.ends_with("List") {
                return Err(format!("what answers is no list of objects but `{}`", clean(&page.kind)));
            }
            (page.items.unwrap_or_default(), page.metadata.token)
        }
        Shape::Object => (vec![serde_json::from_slice(body).map_err(|error| no_list(&error))?], String::new()),
    };
    let objects: Result<Vec<Option<Trimmed>>, String> =
        items.par_iter().map(|item| one(resource, item.get(), trim)).collect();
    Ok(Page { objects: objects?.into_iter().flatten().collect(), next: Some(token).filter(|token| !token.is_empty()) })
}

fn one(resource: &Resource, text: &str, trim: Trim<'_>) -> Result<Option<Trimmed>, String> {
    let RawObject { metadata } = serde_json::from_str(text).map_err(|error| no_list(&error))?;
    let text = trim(resource, text.as_bytes());
    Ok(text.map(|text| (metadata.namespace.into(), metadata.name.into(), text)))
}

/// The reader's own words might quote a value, so only the place is told.
fn no_list(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "unexpected" } else { "broken" };
    format!("what answers is no list of objects: {what} JSON at column {} of line {}", error.column(), error.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods() -> Resource {
        let text = str::to_string;
        Resource {
            group: String::new(),
            version: text("v1"),
            kind: text("Pod"),
            plural: text("pods"),
            namespaced: true,
        }
    }

    fn keep(_: &Resource, text: &[u8]) -> Option<Box<str>> {
        String::from_utf8(text.to_vec()).ok().map(Into::into)
    }

    #[test]
    fn a_page_is_split_into_its_items() {
        let body = br#"{"kind":"PodList","metadata":{"continue":"t"},"items":[{"metadata":{"name":"a","namespace":"x"}},{"metadata":{"name":"b"}}]}"#;
        let page = trimmed(&pods(), body, Shape::List, &keep).expect("a page");
        assert_eq!(page.next.as_deref(), Some("t"));
        assert_eq!(page.objects[0].0.as_ref(), "x");
        assert_eq!(page.objects[1].2.as_ref(), r#"{"metadata":{"name":"b"}}"#);
    }

    #[test]
    fn nothing_is_an_empty_page() {
        for body in
            [r#"{"kind":"PodList","items":null}"#, r#"{"kind":"PodList","items":[],"metadata":{"continue":""}}"#]
        {
            let page = trimmed(&pods(), body.as_bytes(), Shape::List, &keep).expect("a page");
            assert!(page.objects.is_empty() && page.next.is_none(), "{body}");
        }
    }

    #[test]
    fn what_is_no_list_is_said_to_be_none() {
        for body in [
            "<html>",
            "",
            "[]",
            r#"{"items":[]}"#,
            r#"{"kind":"Status","items":[]}"#,
            r#"{"kind":"PodList","items":[{"spec":1}]}"#,
            r#"{"kind":"PodList","items":[{"metadata":{"name":"a"}},"#,
        ] {
            let error = trimmed(&pods(), body.as_bytes(), Shape::List, &keep).expect_err(body);
            assert!(error.contains("no list of objects"), "{error}");
        }
    }
}
