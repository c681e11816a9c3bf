# Libraries of the suite as targets, our warnings, and ts_add_service().

find_package(PkgConfig REQUIRED)
find_package(nng CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
find_program(PROTOC_C protoc-c REQUIRED)

add_library(ts_warnings INTERFACE)
add_library(ts::warnings ALIAS ts_warnings)
set(ts_c_warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wold-style-definition -Wwrite-strings -Wcast-qual -Wcast-align
    -Wpointer-arith -Wformat=2 -Wundef -Wvla -Wdouble-promotion -Wimplicit-fallthrough
    -Wnull-dereference -fno-common)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND ts_c_warnings -Wduplicated-cond -Wlogical-op)
else()
  # Clang looks into protobuf-c's initializer macros, whose empty strings lose their const.
  list(APPEND ts_c_warnings -Wno-cast-qual)
endif()
if(TS_WERROR)
  list(APPEND ts_c_warnings -Werror)
endif()
target_compile_options(ts_warnings INTERFACE $<$<COMPILE_LANGUAGE:C>:${ts_c_warnings}>)

add_compile_definitions(_GNU_SOURCE)
if(TS_SANITIZE)
  add_compile_options(-fsanitize=${TS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TS_SANITIZE})
endif()
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT TS_SANITIZE)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection)
  add_link_options(-Wl,-z,relro,-z,now -pie)
endif()

# ts_add_service(NAME incidents SOURCES a.c b.c LIBS ...): <name>_core, all but main.c, and the program ts-<name>.
function(ts_add_service)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;PROGRAM" "SOURCES;LIBS")
  if(NOT arg_PROGRAM)
    set(arg_PROGRAM ts-${arg_NAME})
  endif()
  string(REPLACE "-" "_" core ${arg_NAME}_core)
  add_library(${core} STATIC ${arg_SOURCES})
  target_include_directories(${core} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${core} PUBLIC ts::common ts::proto ${arg_LIBS} PRIVATE ts::warnings)
  add_executable(${arg_PROGRAM} main.c)
  target_link_libraries(${arg_PROGRAM} PRIVATE ${core} ts::warnings)
endfunction()

# ts_add_unit_tests(incidents TARGET incidents_core SOURCES lifecycle_test.c ...): one CTest entry per file.
function(ts_add_unit_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TARGET" "SOURCES;LIBS")
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(stem ${source} NAME_WE)
    string(REPLACE "-" "_" program test_${name}_${stem})
    add_executable(${program} ${source})
    target_link_libraries(${program} PRIVATE ${arg_TARGET} ${arg_LIBS} PkgConfig::CRITERION)
    add_test(NAME ${name}.${stem} COMMAND ${program} -j2)
    set_tests_properties(${name}.${stem} PROPERTIES LABELS unit TIMEOUT 120)
  endforeach()
endfunction()
