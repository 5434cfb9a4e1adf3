// The program that every way of getting procspace has to build, link and run. It uses both halves and returns 0 only if
// each answer is right; the line it prints is what the tests look for.
#include <procspace/procspace.hpp>

#include <cstdio>

namespace {

struct FileTable {
    int open = 3;
};

struct Task {
    const char* command;
};

int failures = 0;

void expect(bool right, const char* what) {
    if (!right) {
        std::fprintf(stderr, "wrong: %s\n", what);
        ++failures;
    }
}

} // namespace

PROCSPACE_RESOURCE(FileTable, files)

int main() {
    procspace::Namespace parent;
    procspace::Namespace child;
    FileTable* own = files.get_mut(child);
    expect(own != nullptr && own->open == 3, "a new namespace owns an initialised table");
    if (own != nullptr)
        own->open = 4;
    expect(files.get(parent).open == 3, "two namespaces have two tables");
    files.share_from(child, parent);
    expect(&files.get(child) == &files.get(parent), "after share_from both name one table");
    expect(files.get_mut(child) == nullptr, "what is shared cannot be changed");
    files.reset(child);
    expect(&files.get(child) != &files.get(parent), "after reset the child has its own again");

    procspace::ProcessTree tree;
    auto init = tree.new_init(1).build();
    auto job = init->fork(100).data(Task{"job"}).build();
    expect(job->parent() == init && job->sid() == 1, "a forked process is in its parent's session");
    expect(job->data<Task>() != nullptr && job->data<int>() == nullptr, "data comes back by its type");
    auto session = job->create_session();
    expect(session.has_value() && job->sid() == 100 && job->pgid() == 100, "the job leads a session of its own");
    auto thread = job->new_thread(100).build();
    expect(thread->exit(7), "the only thread is the last one");
    job->exit();
    expect(job->is_zombie() && job->exit_code() == 7, "an exited process is a zombie with a code");
    expect(job->free() && init->children().empty(), "a freed process is in nobody's table");

    std::printf("procspace %d.%d.%d: %d wrong\n", PROCSPACE_VERSION_MAJOR, PROCSPACE_VERSION_MINOR,
                PROCSPACE_VERSION_PATCH, failures);
    return failures == 0 ? 0 : 1;
}
