# The README has TRANSCRIPT, which another test compares with what jobs prints.
file(READ "${README}" readme)
file(READ "${TRANSCRIPT}" transcript)
string(FIND "${readme}" "```\n${transcript}```" place)
if(transcript STREQUAL "" OR place EQUAL -1)
    message(FATAL_ERROR "${README} lacks the transcript as it is in ${TRANSCRIPT}")
endif()
