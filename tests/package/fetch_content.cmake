# FetchContent from a commit: of a repository made here from the files as they are, committed elsewhere or not.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
find_program(GIT git)
if(NOT GIT)
    skip("git is not installed")
endif()

file(GLOB entries RELATIVE "${SOURCE}" "${SOURCE}/*")
list(REMOVE_ITEM entries .git build)
foreach(entry IN LISTS entries)
    file(COPY "${SOURCE}/${entry}" DESTINATION "${SCRATCH}/repository")
endforeach()

# Neither the user's git settings (signing, hooks) nor a surrounding repository may interfere.
set(ENV{GIT_CONFIG_NOSYSTEM} 1)
set(ENV{GIT_CONFIG_GLOBAL} /dev/null)
foreach(variable GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE)
    unset(ENV{${variable}})
endforeach()
set(git "${GIT}" -C "${SCRATCH}/repository" -c user.name=test -c user.email=test@localhost)
run(${git} init --quiet)
run(${git} add --all)
run(${git} commit --quiet -m "The files as they are")
run(${git} rev-parse HEAD)
string(STRIP "${output}" commit)

configure(
    "${SOURCE}/tests/package/fetch_content"
    "${SCRATCH}/build"
    "-DREPOSITORY=file://${SCRATCH}/repository"
    "-DCOMMIT=${commit}"
)
build_and_run("${SCRATCH}/build" "${consumer_line}")
