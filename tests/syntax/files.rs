//! Which files are found and read, and what becomes of those that are not.

use std::fs;
use std::path::{Path, PathBuf};

use k8sready::source::{FileRef, MAX_FILE_BYTES, Walk, load, walk};
use k8sready::vocabulary::ProblemKind;

/// An empty folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("files").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn shown(walk: &Walk) -> Vec<&str> {
    walk.files.iter().map(|file| file.display.as_str()).collect()
}

#[test]
fn known_extensions_are_found_in_the_order_of_their_paths() {
    let root = folder("extensions");
    for path in [
        "b.yaml",
        "a/z.yml",
        "a.yaml",
        "A.JSON",
        "x/haproxy.cfg",
        "x/etcd.env",
        "x/k.service",
        "x/readme.md",
        "x/a.txt",
    ] {
        write(&root, path, "");
    }
    let found = walk(std::slice::from_ref(&root), &root);
    assert_eq!(
        shown(&found),
        ["A.JSON", "a.yaml", "a/z.yml", "b.yaml", "x/etcd.env", "x/haproxy.cfg", "x/k.service", "x/readme.md"]
    );
    assert_eq!(found.problems, []);
}

#[test]
fn ignored_and_hidden_files_are_left_out_unless_they_are_named() {
    let root = folder("ignored");
    write(&root, ".gitignore", "out/\n");
    write(&root, ".k8sreadyignore", "skip.yaml\n");
    for path in ["out/a.yaml", "skip.yaml", ".hidden/a.yaml", "keep.yaml", "notes.txt"] {
        write(&root, path, "");
    }
    assert_eq!(shown(&walk(std::slice::from_ref(&root), &root)), ["keep.yaml"]);
    let named = walk(&[root.join("skip.yaml"), root.join("notes.txt"), root.join("skip.yaml"), root.clone()], &root);
    assert_eq!(shown(&named), ["keep.yaml", "notes.txt", "skip.yaml"]);
    assert_eq!(named.files.iter().map(|file| file.named).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn paths_outside_the_working_directory_are_shown_as_given() {
    let root = folder("outside");
    write(&root, "a.yaml", "");
    let found = walk(&[root.join("a.yaml")], Path::new("/elsewhere"));
    assert_eq!(found.files[0].display, root.join("a.yaml").to_string_lossy());
}

#[test]
fn a_path_that_is_not_there_is_a_problem() {
    let root = folder("absent");
    let found = walk(&[root.join("no.yaml")], &root);
    assert_eq!((found.files.len(), found.problems[0].kind), (0, ProblemKind::Unreadable));
    assert!(found.problems[0].message.starts_with("`no.yaml` cannot be opened"), "{}", found.problems[0].message);
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_to_files_inside_the_root() {
    use std::os::unix::fs::symlink;
    let root = folder("links");
    let outside = folder("links-outside");
    write(&outside, "secret.yaml", "");
    write(&root, "real/a.yaml", "");
    symlink("real/a.yaml", root.join("link.yaml")).unwrap();
    symlink("real", root.join("folder")).unwrap();
    symlink(outside.join("secret.yaml"), root.join("out.yaml")).unwrap();
    symlink(&outside, root.join("outfolder")).unwrap();
    symlink("/nowhere", root.join("broken.yaml")).unwrap();
    symlink(".", root.join("loop")).unwrap();
    let found = walk(std::slice::from_ref(&root), &root);
    assert_eq!(shown(&found), ["real/a.yaml"], "once, under its real name");
    assert_eq!(found.problems.len(), 3, "{:?}", found.problems);
}

fn file(path: PathBuf) -> FileRef {
    FileRef { display: path.to_string_lossy().into_owned(), path, named: true }
}

#[test]
fn what_cannot_be_read_says_why() {
    let root = folder("load");
    write(&root, "a.yaml", "a: 1\n");
    fs::write(root.join("bad.yaml"), b"ab\xFF").unwrap();
    assert_eq!(load(&file(root.join("a.yaml")), MAX_FILE_BYTES).unwrap(), "a: 1\n");
    let (kind, message) = load(&file(root.join("a.yaml")), 4).unwrap_err();
    assert_eq!((kind, message.as_str()), (ProblemKind::BudgetExceeded, "is larger than 4 bytes"));
    let (kind, message) = load(&file(root.join("bad.yaml")), 100).unwrap_err();
    assert_eq!((kind, message.as_str()), (ProblemKind::ParseError, "is not text: byte 2 is not valid UTF-8"));
    assert_eq!(load(&file(root.clone()), 100).unwrap_err().0, ProblemKind::Unreadable);
    assert_eq!(load(&file(root.join("absent")), 100).unwrap_err().0, ProblemKind::Unreadable);
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_is_not_read() {
    let (kind, message) = load(&file(PathBuf::from("/dev/zero")), 100).unwrap_err();
    assert_eq!((kind, message.as_str()), (ProblemKind::Unreadable, "is not a regular file"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_fifo_without_a_writer_does_not_block() {
    let root = folder("fifo");
    let made = std::process::Command::new("mkfifo").arg(root.join("pipe.yaml")).status();
    if made.is_ok_and(|status| status.success()) {
        assert_eq!(load(&file(root.join("pipe.yaml")), 100).unwrap_err().0, ProblemKind::Unreadable);
        assert_eq!(shown(&walk(std::slice::from_ref(&root), &root)), Vec::<&str>::new());
    }
}
