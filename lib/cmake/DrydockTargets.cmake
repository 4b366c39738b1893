# drydock_library(NAME SOURCES … [LINK …] [PRIVATE_LINK …]): a static library of ours, with our warnings. Its users
# include its headers as they stand in the source tree.
set(DRYDOCK_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  # g++ 12 inlines one of the two functions with which Asio allocates and frees a coroutine, and takes the rest of the
  # pair for a mismatch.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
  # In a unity build, it takes each source for a header and warns of what no header should hold.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>)

function(drydock_target_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE ${DRYDOCK_WARNINGS} $<$<BOOL:${DRYDOCK_WERROR}>:-Werror>)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()

function(drydock_library target)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(Drydock::${target} ALIAS ${target})
  drydock_target_options(${target})
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/drydock>)
  target_link_libraries(${target} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
endfunction()
